// The use cases of questionnaires and rule sets: written by one person, published by another.
#include <optional>

#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/screening/events/screening_events.h"
#include "services/screening/screening_operations.h"

namespace meso::screening {

absl::StatusOr<Questionnaire> ScreeningOperations::CreateQuestionnaire(Transaction& tx,
                                                                       const CallContext& call,
                                                                       const Questionnaire& draft) {
  Questionnaire questionnaire = draft;
  MESO_ASSIGN_OR_RETURN(questionnaire.revision, NextQuestionnaireRevision(tx, draft.code));
  questionnaire.state = RevisionState::kDraft;
  questionnaire.author = call.user().subject;
  questionnaire.create_time = clock_.Now();
  MESO_RETURN_IF_ERROR(InsertQuestionnaire(tx, questionnaire));
  return questionnaire;
}

absl::StatusOr<Questionnaire> ScreeningOperations::PublishQuestionnaire(
    Transaction& tx, const CallContext& call, const PublishRequest& request) {
  MESO_ASSIGN_OR_RETURN(Questionnaire questionnaire,
                        LoadQuestionnaire(tx, QuestionnaireName(request.name)));
  MESO_RETURN_IF_ERROR(DecidePublish(request.name, questionnaire.state, questionnaire.author,
                                     call.user().subject, request.etag, questionnaire.etag()));
  if (questionnaire.state == RevisionState::kPublished) return questionnaire;
  questionnaire.state = RevisionState::kPublished;
  questionnaire.publisher = call.user().subject;
  questionnaire.publish_time = clock_.Now();
  MESO_RETURN_IF_ERROR(UpdateQuestionnaire(tx, questionnaire));
  return questionnaire;
}

absl::StatusOr<Questionnaire> ScreeningOperations::GetQuestionnaire(Transaction& tx,
                                                                    const CallContext&,
                                                                    const QuestionnaireName& name) {
  return LoadQuestionnaire(tx, name);
}

absl::StatusOr<std::vector<Questionnaire>> ScreeningOperations::ListQuestionnaires(
    Transaction& tx, const CallContext&, const ListRevisionsRequest& request) {
  return meso::screening::ListQuestionnaires(tx, request.filter, request.after,
                                             request.page_size + 1);
}

absl::StatusOr<RuleSet> ScreeningOperations::CreateRuleSet(Transaction& tx, const CallContext& call,
                                                           const RuleSet& draft) {
  MESO_ASSIGN_OR_RETURN(const Questionnaire questionnaire,
                        LoadQuestionnaire(tx, draft.questionnaire));
  FieldErrors errors;
  CheckRuleSet(draft, questionnaire, "rule_set", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  RuleSet rule_set = draft;
  MESO_ASSIGN_OR_RETURN(rule_set.revision, NextRuleSetRevision(tx, draft.code));
  rule_set.state = RevisionState::kDraft;
  rule_set.author = call.user().subject;
  rule_set.create_time = clock_.Now();
  MESO_RETURN_IF_ERROR(InsertRuleSet(tx, rule_set));
  return rule_set;
}

absl::StatusOr<RuleSet> ScreeningOperations::PublishRuleSet(Transaction& tx,
                                                            const CallContext& call,
                                                            const PublishRequest& request) {
  MESO_ASSIGN_OR_RETURN(RuleSet rule_set, LoadRuleSet(tx, RuleSetName(request.name)));
  MESO_RETURN_IF_ERROR(DecidePublish(request.name, rule_set.state, rule_set.author,
                                     call.user().subject, request.etag, rule_set.etag()));
  if (rule_set.state == RevisionState::kPublished) return rule_set;
  MESO_ASSIGN_OR_RETURN(const Questionnaire questionnaire,
                        LoadQuestionnaire(tx, rule_set.questionnaire));
  if (questionnaire.state != RevisionState::kPublished) {
    return StateNotAllowed(rule_set.questionnaire.value(), StateText(questionnaire.state),
                           StateText(RevisionState::kPublished));
  }
  MESO_ASSIGN_OR_RETURN(const RuleSetName previous_name, FindRuleSetInForce(tx));
  if (!previous_name.empty()) {
    MESO_ASSIGN_OR_RETURN(RuleSet previous, LoadRuleSet(tx, previous_name));
    previous.state = RevisionState::kSuperseded;
    MESO_RETURN_IF_ERROR(UpdateRuleSet(tx, previous));
  }
  MESO_FAILPOINT("screening.rule_set_superseded");
  rule_set.state = RevisionState::kPublished;
  rule_set.publisher = call.user().subject;
  rule_set.publish_time = clock_.Now();
  MESO_RETURN_IF_ERROR(UpdateRuleSet(tx, rule_set));
  MESO_RETURN_IF_ERROR(
      AppendEvent(tx, RuleSetPublished({ids_.NewId(), rule_set.publish_time, call.trace_parent},
                                       rule_set, previous_name))
          .status());
  return rule_set;
}

absl::StatusOr<RuleSet> ScreeningOperations::GetRuleSet(Transaction& tx, const CallContext&,
                                                        const RuleSetName& name) {
  return LoadRuleSet(tx, name);
}

absl::StatusOr<std::vector<RuleSet>> ScreeningOperations::ListRuleSets(
    Transaction& tx, const CallContext&, const ListRevisionsRequest& request) {
  return meso::screening::ListRuleSets(tx, request.filter, request.after, request.page_size + 1);
}

}  // namespace meso::screening
