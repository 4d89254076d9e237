#include "services/screening/screening_operations.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "common/database/reply.h"
#include "services/screening/domain/content_codec.h"
#include "services/screening/events/screening_events.h"
#include "services/screening/store/projection_store.h"
#include "services/screening/store/screening_store.h"

namespace meso::screening {

ScreeningOperations::ScreeningOperations(Database& database, const Clock& clock, IdSource& ids,
                                         ScreeningPeers& peers)
    : database_(database), clock_(clock), ids_(ids), peers_(peers) {}

absl::StatusOr<Assessment> ScreeningOperations::CreateAssessment(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const Assessment& draft) {
  MESO_ASSIGN_OR_RETURN(const Questionnaire questionnaire,
                        LoadQuestionnaire(tx, draft.questionnaire));
  if (questionnaire.state != RevisionState::kPublished) {
    return StateNotAllowed(draft.questionnaire.value(), StateText(questionnaire.state),
                           StateText(RevisionState::kPublished));
  }
  FieldErrors errors;
  CheckAnswers(draft.answers, questionnaire, "assessment.answers", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());

  Assessment assessment = draft;
  assessment.name = AssessmentName(absl::StrCat("assessments/", ids_.NewId()));
  assessment.state = AssessmentState::kValid;
  assessment.create_time = clock_.Now();
  assessment.recorder = call.user().subject;
  MESO_RETURN_IF_ERROR(InsertAssessment(tx, assessment));
  MESO_FAILPOINT("screening.assessment_inserted");
  MESO_RETURN_IF_ERROR(
      AppendEvent(tx, AssessmentCreated({ids_.NewId(), assessment.create_time, call.trace_parent},
                                        assessment))
          .status());
  return assessment;
}

absl::StatusOr<Assessment> ScreeningOperations::GetAssessment(Transaction& tx,
                                                              const CallContext& call,
                                                              const AssessmentName& name) {
  MESO_ASSIGN_OR_RETURN(Assessment assessment, LoadAssessment(tx, name));
  if (!call.MayUseAt(assessment.site.value())) return ResourceNotFound(name.value());
  return assessment;
}

absl::StatusOr<AssessmentPage> ScreeningOperations::ListAssessments(
    Transaction& tx, const CallContext& call, const ListAssessmentsRequest& request) {
  AssessmentQuery query;
  query.patient = request.patient;
  if (request.site.value() == "sites/-") {
    query.sites = call.AllowedSites();
  } else {
    query.sites = std::set<std::string>{request.site.value()};
  }
  query.filter = request.filter;
  query.before_row = request.before_row;
  query.limit = request.page_size + 1;  // one more tells that there is a next page
  MESO_ASSIGN_OR_RETURN(auto rows, meso::screening::ListAssessments(tx, query));
  AssessmentPage page;
  for (auto& [row, assessment] : rows) {
    if (page.assessments.size() == static_cast<size_t>(request.page_size)) {
      return page;
    }
    page.assessments.push_back(std::move(assessment));
    page.next_row = row;
  }
  page.next_row = 0;
  return page;
}

absl::StatusOr<Assessment> ScreeningOperations::InvalidateAssessment(
    Transaction& tx, const CallContext& call, const InvalidateRequest& request) {
  MESO_ASSIGN_OR_RETURN(Assessment assessment, GetAssessment(tx, call, request.name));
  if (assessment.state == AssessmentState::kInvalidated) {
    if (assessment.invalidation_reason == request.reason) return assessment;
    return StateNotAllowed(request.name.value(), StateText(assessment.state),
                           StateText(AssessmentState::kValid));
  }
  if (!request.etag.empty() && request.etag != assessment.etag()) {
    return EtagMismatch(request.name.value(), request.etag, assessment.etag());
  }
  assessment.state = AssessmentState::kInvalidated;
  assessment.invalidate_time = clock_.Now();
  assessment.invalidation_reason = request.reason;
  MESO_RETURN_IF_ERROR(UpdateAssessment(tx, assessment));
  MESO_FAILPOINT("screening.assessment_invalidated");
  MESO_RETURN_IF_ERROR(
      AppendEvent(
          tx, AssessmentInvalidated({ids_.NewId(), assessment.invalidate_time, call.trace_parent},
                                    assessment))
          .status());
  return assessment;
}

absl::StatusOr<Assessment> ScreeningOperations::FindAssessment(Transaction& tx,
                                                               const AssessmentName& name) {
  return LoadAssessment(tx, name);
}

absl::StatusOr<Consent> ScreeningOperations::FindConsent(Transaction& tx, const ConsentName& name) {
  return LoadConsent(tx, name);
}

absl::StatusOr<Consent> ScreeningOperations::RecordConsent(const CallContext& call,
                                                           const Consent& draft,
                                                           const ConsentReply& reply) {
  const absl::Time now = clock_.Now();
  if (draft.sign_time != absl::InfinitePast() && draft.sign_time > now) {
    FieldErrors errors;
    errors.Invalid("consent.sign_time", "lies in the future; give the time of the signature");
    return errors.ToStatus();
  }
  // A consent to a recipe nobody has reviewed would say nothing: inventory must know the revision.
  MESO_ASSIGN_OR_RETURN(const FetchedCocktail fetched, FetchCocktail(call, draft.cocktail));
  if (!fetched.published) return StateNotAllowed(draft.cocktail.value(), "DRAFT", "PUBLISHED");
  MESO_FAILPOINT("screening.consent_confirmed");

  Consent consent;
  MESO_RETURN_IF_ERROR(database_.Transact(
      [&](Transaction& tx) -> absl::Status {
        // A twin of this call may have been faster: its answer is the answer.
        MESO_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                              FindReply(tx, call.reply_key, now));
        if (stored.has_value()) {
          MESO_ASSIGN_OR_RETURN(const ConsentName name, reply.name_of(*stored));
          MESO_ASSIGN_OR_RETURN(consent, LoadConsent(tx, name));
          return absl::OkStatus();
        }
        consent = draft;
        consent.name = ConsentName(absl::StrCat("consents/", ids_.NewId()));
        if (consent.sign_time == absl::InfinitePast()) consent.sign_time = now;
        consent.create_time = now;
        consent.recorder = call.user().subject;
        MESO_RETURN_IF_ERROR(InsertConsent(tx, consent));
        MESO_RETURN_IF_ERROR(SaveReply(tx, call.reply_key, reply.encode(consent), now));
        call.audit.object_type = "Consent";
        call.audit.object_name = consent.name.value();
        call.audit.site = consent.site.value();
        call.Touch("patient", consent.patient.value());
        call.Touch("site", consent.site.value());
        return AppendAudit(tx, MakeAuditRecord(call, "screening", absl::OkStatus(), now));
      },
      call.deadline));
  return consent;
}

absl::Status ScreeningOperations::ApplySite(Transaction& tx, const Site& site) {
  return SaveSite(tx, site);
}

absl::Status ScreeningOperations::ApplyTreatment(Transaction& tx, const Treatment& treatment) {
  return SaveTreatment(tx, treatment);
}

absl::Status ScreeningOperations::ApplyCocktailPublished(Transaction& tx,
                                                         const CocktailRevisionName& name) {
  return SavePublishedCocktail(tx, name);
}

absl::Status ScreeningOperations::ApplyCompositionChanged(
    Transaction& tx, const std::vector<CocktailRevisionName>& cocktails) {
  for (const CocktailRevisionName& name : cocktails) {
    MESO_RETURN_IF_ERROR(ForgetCocktailTags(tx, name));
  }
  return absl::OkStatus();
}

}  // namespace meso::screening
