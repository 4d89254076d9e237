// Assessments, consents and clearances; questionnaires and rule sets are in content_convert.cc.
#include "services/screening/rpc/screening_convert.h"

#include "absl/strings/str_cat.h"
#include "common/base/codec.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"

namespace meso::screening {
namespace {

// `form` is what the caller is told; an empty value is missing.
void CheckName(absl::string_view field, const std::string& name, absl::string_view pattern,
               absl::string_view form, FieldErrors& errors) {
  if (name.empty()) {
    errors.Required(field);
  } else if (!IsNameOf(pattern, name)) {
    errors.Invalid(field, absl::StrCat("must be ", form));
  }
}

void CheckPatient(absl::string_view field, const std::string& name, FieldErrors& errors) {
  CheckName(field, name, "patients/{code}", "patients/{code}", errors);
}

void CheckSite(absl::string_view field, const std::string& name, FieldErrors& errors) {
  CheckName(field, name, "sites/{code}", "sites/{code}", errors);
}

void CheckAssessmentName(const std::string& name, FieldErrors& errors) {
  CheckName("name", name, "assessments/{uuid}", "assessments/{uuid}", errors);
}

void CheckCocktail(absl::string_view field, const std::string& name, FieldErrors& errors) {
  CheckName(field, name, "cocktails/{code}/revisions/{rev}", "cocktails/{code}/revisions/r{n}",
            errors);
}

void SetValue(const v1::Answer& proto, const std::string& at, Answer& answer, FieldErrors& errors) {
  switch (proto.value_case()) {
    case v1::Answer::kChoice:
      answer.form = AnswerForm::kChoice;
      answer.choice = proto.choice();
      return;
    case v1::Answer::kDate: {
      answer.form = AnswerForm::kDate;
      const std::optional<absl::CivilDay> day = ParseDay(proto.date());
      if (day.has_value()) {
        answer.date = *day;
      } else {
        errors.Invalid(absl::StrCat(at, ".date"), "must be a day as YYYY-MM-DD, 1850 to 2200");
      }
      return;
    }
    case v1::Answer::kNever:
      answer.form = AnswerForm::kNever;
      if (!proto.never()) errors.Invalid(absl::StrCat(at, ".never"), "can only be true");
      return;
    case v1::Answer::kOngoing:
      answer.form = AnswerForm::kOngoing;
      if (!proto.ongoing()) errors.Invalid(absl::StrCat(at, ".ongoing"), "can only be true");
      return;
    case v1::Answer::kTags:
      answer.form = AnswerForm::kTags;
      answer.tags = {proto.tags().tags().begin(), proto.tags().tags().end()};
      return;
    case v1::Answer::VALUE_NOT_SET:
      errors.Required(absl::StrCat(at, ".value"));
      return;
  }
}

void ToProto(const Answer& answer, v1::Answer* proto) {
  proto->set_question(answer.question);
  proto->set_area(answer.area);
  switch (answer.form) {
    case AnswerForm::kChoice:
      proto->set_choice(answer.choice);
      return;
    case AnswerForm::kDate:
      proto->set_date(DayText(answer.date));
      return;
    case AnswerForm::kNever:
      proto->set_never(true);
      return;
    case AnswerForm::kOngoing:
      proto->set_ongoing(true);
      return;
    case AnswerForm::kTags:
      proto->mutable_tags()->mutable_tags()->Assign(answer.tags.begin(), answer.tags.end());
      return;
    case AnswerForm::kUnspecified:
      return;
  }
}

template <typename Request>
ClearanceRequest CommonFromProto(const Request& request, FieldErrors& errors) {
  CheckPatient("patient", request.patient(), errors);
  CheckSite("site", request.site(), errors);
  CheckName("treatment", request.treatment(), "treatmentTypes/{code}", "treatmentTypes/{code}",
            errors);
  ClearanceRequest result;
  result.patient = PatientName(request.patient());
  result.site = SiteName(request.site());
  result.treatment = TreatmentName(request.treatment());
  if (request.has_at()) result.at = meso::FromProto(request.at(), "at", errors);
  return result;
}

v1::Clearance::State StateToProto(ClearanceState state) {
  return static_cast<v1::Clearance::State>(state);
}

void ToProto(const Finding& finding, const RuleSetName& rule_set, v1::Finding* proto) {
  proto->set_rule(finding.rule);
  proto->set_effect(static_cast<v1::Effect>(finding.effect));
  proto->set_title(finding.title);
  proto->set_explanation(finding.explanation);
  proto->set_citation(finding.citation);
  proto->set_confidence(static_cast<v1::Rule::Confidence>(finding.confidence));
  proto->set_rule_set(rule_set.value());
  proto->set_rule_hash(finding.rule_hash);
  if (finding.defer_until.has_value()) proto->set_defer_until_date(DayText(*finding.defer_until));
  proto->mutable_questions()->Assign(finding.questions.begin(), finding.questions.end());
}

v1::OpenQuestion::Cause CauseToProto(GapCause cause) {
  switch (cause) {
    case GapCause::kNotAnswered:
      return v1::OpenQuestion::CAUSE_NOT_ANSWERED;
    case GapCause::kLapsed:
      return v1::OpenQuestion::CAUSE_LAPSED;
    case GapCause::kUnsure:
      return v1::OpenQuestion::CAUSE_UNSURE;
    case GapCause::kDueAgain:
      return v1::OpenQuestion::CAUSE_DUE_AGAIN;
  }
  return v1::OpenQuestion::CAUSE_UNSPECIFIED;
}

void ToProto(const OpenQuestion& open, v1::OpenQuestion* proto) {
  proto->set_question(open.key.first);
  proto->set_area(open.key.second);
  proto->set_text(open.text);
  proto->mutable_rules()->Assign(open.rules.begin(), open.rules.end());
  proto->set_blocking(open.blocking);
  proto->set_cause(CauseToProto(open.cause));
  meso::ToProto(open.ask_from_time, proto->mutable_ask_from_time());
}

}  // namespace

absl::StatusOr<Assessment> FromProto(const v1::CreateAssessmentRequest& request) {
  const v1::Assessment& proto = request.assessment();
  FieldErrors errors;
  CheckPatient("assessment.patient", proto.patient(), errors);
  CheckSite("assessment.site", proto.site(), errors);
  CheckName("assessment.questionnaire", proto.questionnaire(),
            "questionnaires/{code}/revisions/{rev}", "questionnaires/{code}/revisions/r{n}",
            errors);
  if (proto.answers().empty()) errors.Required("assessment.answers");
  if (proto.answers_size() > kAnswersMax) {
    errors.Invalid("assessment.answers", "must be at most 500");
  }
  Assessment assessment;
  assessment.patient = PatientName(proto.patient());
  assessment.site = SiteName(proto.site());
  assessment.questionnaire = QuestionnaireName(proto.questionnaire());
  for (int i = 0; i < proto.answers_size(); ++i) {
    const std::string at = absl::StrCat("assessment.answers[", i, "]");
    Answer answer;
    answer.question = proto.answers(i).question();
    answer.area = proto.answers(i).area();
    if (answer.question.empty()) errors.Required(absl::StrCat(at, ".question"));
    SetValue(proto.answers(i), at, answer, errors);
    assessment.answers.push_back(std::move(answer));
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return assessment;
}

absl::StatusOr<AssessmentName> FromProto(const v1::GetAssessmentRequest& request) {
  FieldErrors errors;
  CheckAssessmentName(request.name(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return AssessmentName(request.name());
}

absl::StatusOr<ListAssessmentsRequest> FromProto(const v1::ListAssessmentsRequest& request) {
  FieldErrors errors;
  CheckPatient("patient", request.patient(), errors);
  CheckName("site", request.site(), "sites/{any}", "sites/{code} or sites/-", errors);
  ListAssessmentsRequest list;
  list.page_size = PageSize(request.page_size(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  list.patient = PatientName(request.patient());
  list.site = SiteName(request.site());
  MESO_ASSIGN_OR_RETURN(list.filter, ParseFilter(request.filter(), {"state"}));
  MESO_ASSIGN_OR_RETURN(const std::string token, ReadPageToken(request, request.page_token()));
  if (!token.empty()) {
    Decoder in(token);
    list.before_row = in.Int();
    if (!in.done() || list.before_row < 1) return PageTokenInvalid();
  }
  return list;
}

absl::StatusOr<InvalidateRequest> FromProto(const v1::InvalidateAssessmentRequest& request) {
  FieldErrors errors;
  CheckAssessmentName(request.name(), errors);
  if (request.reason() == v1::INVALIDATION_REASON_UNSPECIFIED) {
    errors.Required("reason");
  } else if (!v1::InvalidationReason_IsValid(request.reason())) {
    errors.Invalid("reason", "must be a known reason");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return InvalidateRequest{AssessmentName(request.name()),
                           static_cast<InvalidationReason>(request.reason()), request.etag()};
}

absl::StatusOr<Consent> FromProto(const v1::RecordConsentRequest& request) {
  const v1::Consent& proto = request.consent();
  FieldErrors errors;
  CheckPatient("consent.patient", proto.patient(), errors);
  CheckSite("consent.site", proto.site(), errors);
  CheckCocktail("consent.cocktail", proto.cocktail(), errors);
  if (proto.document().empty()) {
    errors.Required("consent.document");
  } else if (!IsCode(proto.document())) {
    errors.Invalid("consent.document", "must be 1-64 of A-Z a-z 0-9 - _");
  }
  Consent consent;
  consent.patient = PatientName(proto.patient());
  consent.site = SiteName(proto.site());
  consent.cocktail = CocktailRevisionName(proto.cocktail());
  consent.document = proto.document();
  consent.sign_time = proto.has_sign_time()
                          ? meso::FromProto(proto.sign_time(), "consent.sign_time", errors)
                          : absl::InfinitePast();
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return consent;
}

absl::StatusOr<ClearanceRequest> FromProto(const v1::CheckClearanceRequest& request) {
  FieldErrors errors;
  ClearanceRequest result = CommonFromProto(request, errors);
  CheckCocktail("cocktail", request.cocktail(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  result.cocktail = CocktailRevisionName(request.cocktail());
  return result;
}

absl::StatusOr<ClearanceRequest> FromProto(const v1::RankCocktailsRequest& request) {
  FieldErrors errors;
  ClearanceRequest result = CommonFromProto(request, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return result;
}

void ToProto(const Assessment& assessment, v1::Assessment* proto) {
  proto->set_name(assessment.name.value());
  proto->set_patient(assessment.patient.value());
  proto->set_site(assessment.site.value());
  proto->set_questionnaire(assessment.questionnaire.value());
  for (const Answer& answer : assessment.answers) ToProto(answer, proto->add_answers());
  proto->set_state(static_cast<v1::Assessment::State>(assessment.state));
  meso::ToProto(assessment.create_time, proto->mutable_create_time());
  proto->set_recorder(assessment.recorder);
  if (assessment.state == AssessmentState::kInvalidated) {
    meso::ToProto(assessment.invalidate_time, proto->mutable_invalidate_time());
    proto->set_invalidation_reason(
        static_cast<v1::InvalidationReason>(assessment.invalidation_reason));
  }
  proto->set_etag(assessment.etag());
}

void ToProto(const Consent& consent, v1::Consent* proto) {
  proto->set_name(consent.name.value());
  proto->set_patient(consent.patient.value());
  proto->set_site(consent.site.value());
  proto->set_cocktail(consent.cocktail.value());
  proto->set_document(consent.document);
  meso::ToProto(consent.sign_time, proto->mutable_sign_time());
  meso::ToProto(consent.create_time, proto->mutable_create_time());
  proto->set_recorder(consent.recorder);
}

void ToProto(const ClearanceAnswer& answer, v1::Clearance* proto) {
  const Clearance& clearance = answer.clearance;
  proto->set_state(StateToProto(clearance.state));
  for (const Finding& finding : clearance.findings) {
    ToProto(finding, answer.rule_set, proto->add_findings());
  }
  for (const OpenQuestion& open : clearance.missing) ToProto(open, proto->add_missing_questions());
  for (const OpenQuestion& open : clearance.due) ToProto(open, proto->add_due_questions());
  proto->mutable_assessments()->Assign(clearance.assessments.begin(), clearance.assessments.end());
  proto->set_consent(answer.consent.value());
  if (clearance.earliest_safe_date.has_value()) {
    proto->set_earliest_safe_date(DayText(*clearance.earliest_safe_date));
  }
  proto->set_rule_set(answer.rule_set.value());
  proto->set_rule_set_hash(answer.rule_set_hash);
  proto->set_cocktail(answer.cocktail.name.value());
  proto->set_treatment(answer.treatment.name.value());
  proto->set_treatment_revision(answer.treatment.revision);
  proto->set_site(answer.site.name.value());
  proto->set_site_revision(answer.site.revision);
  meso::ToProto(answer.at, proto->mutable_at());
  meso::ToProto(answer.evaluate_time, proto->mutable_evaluate_time());
  proto->mutable_as_of()->set_source(answer.as_of.source);
  proto->mutable_as_of()->set_epoch(answer.as_of.epoch);
  proto->mutable_as_of()->set_sequence(static_cast<uint64_t>(answer.as_of.sequence));
  if (clearance.expire_time != absl::InfiniteFuture()) {
    meso::ToProto(clearance.expire_time, proto->mutable_expire_time());
  }
  proto->mutable_unreachable()->Assign(answer.unreachable.begin(), answer.unreachable.end());
  proto->mutable_missing_inputs()->Assign(clearance.missing_inputs.begin(),
                                          clearance.missing_inputs.end());
}

void ToProto(const std::vector<ClearanceAnswer>& answers, v1::RankCocktailsResponse* proto) {
  for (const ClearanceAnswer& answer : answers) {
    v1::RankedCocktail* ranked = proto->add_cocktails();
    ranked->set_cocktail(answer.cocktail.name.value());
    ranked->set_title(answer.cocktail.title);
    ranked->set_acceptable(IsAcceptable(answer.clearance.state));
    ToProto(answer, ranked->mutable_clearance());
  }
}

void ToProto(const v1::ListAssessmentsRequest& request, const AssessmentPage& page,
             v1::ListAssessmentsResponse* proto) {
  for (const Assessment& assessment : page.assessments) {
    ToProto(assessment, proto->add_assessments());
  }
  if (page.next_row != 0) {
    proto->set_next_page_token(MakePageToken(request, Encoder().Int(page.next_row).Take()));
  }
}

}  // namespace meso::screening
