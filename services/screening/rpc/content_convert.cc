// Questionnaires and rule sets: the content half of screening_convert.
#include <algorithm>

#include "absl/strings/numbers.h"
#include "common/base/codec.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "common/rpc/proto_values.h"
#include "services/screening/domain/content_codec.h"
#include "services/screening/rpc/screening_convert.h"

namespace meso::screening {
namespace {

constexpr char kQuestionnairePattern[] = "questionnaires/{code}/revisions/{rev}";
constexpr char kRuleSetPattern[] = "ruleSets/{code}/revisions/{rev}";

std::vector<std::string> Strings(const google::protobuf::RepeatedPtrField<std::string>& values) {
  return {values.begin(), values.end()};
}

void CheckName(const std::string& name, absl::string_view pattern, absl::string_view form,
               FieldErrors& errors) {
  if (name.empty()) {
    errors.Required("name");
  } else if (!IsNameOf(pattern, name)) {
    errors.Invalid("name", form);
  }
}

Condition FromProto(const v1::Condition& proto);

void SetChildren(const v1::ConditionList& list, Condition& condition) {
  for (const v1::Condition& child : list.conditions()) {
    condition.children.push_back(FromProto(child));
  }
}

void SetSources(const google::protobuf::RepeatedField<int>& sources, Condition& condition) {
  for (int source : sources) {
    const bool known = source == v1::TAG_SOURCE_COCKTAIL || source == v1::TAG_SOURCE_NUMBING_CREAM;
    condition.sources.push_back(known ? static_cast<TagSource>(source) : TagSource::kUnspecified);
  }
}

// The domain's kinds have the numbers of the oneof's fields.
Condition FromProto(const v1::Condition& proto) {
  Condition condition;
  condition.kind = static_cast<ConditionKind>(proto.kind_case());
  switch (proto.kind_case()) {
    case v1::Condition::kAllOf:
      SetChildren(proto.all_of(), condition);
      break;
    case v1::Condition::kAnyOf:
      SetChildren(proto.any_of(), condition);
      break;
    case v1::Condition::kNegated:
      condition.children.push_back(FromProto(proto.negated()));
      break;
    case v1::Condition::kAnswerIn:
      condition.question = proto.answer_in().question();
      condition.values = Strings(proto.answer_in().choices());
      break;
    case v1::Condition::kDateWithin:
      condition.question = proto.date_within().question();
      condition.days_before = proto.date_within().days_before();
      condition.days_after = proto.date_within().days_after();
      break;
    case v1::Condition::kAgeBelow:
      condition.question = proto.age_below().question();
      condition.years = proto.age_below().years();
      break;
    case v1::Condition::kAnswerTagsUsed:
      condition.question = proto.answer_tags_used().question();
      SetSources(proto.answer_tags_used().sources(), condition);
      break;
    case v1::Condition::kTagsUsed:
      condition.values = Strings(proto.tags_used().tags());
      SetSources(proto.tags_used().sources(), condition);
      break;
    case v1::Condition::kAreaIn:
      condition.values = Strings(proto.area_in().codes());
      break;
    case v1::Condition::kDeliveryMethodIn:
      condition.values = Strings(proto.delivery_method_in().codes());
      break;
    case v1::Condition::kTechniqueIn:
      condition.values = Strings(proto.technique_in().codes());
      break;
    case v1::Condition::kJurisdictionIn:
      condition.values = Strings(proto.jurisdiction_in().codes());
      break;
    case v1::Condition::KIND_NOT_SET:
      break;
  }
  return condition;
}

void SetCodes(const Condition& condition, v1::CodeList* proto) {
  proto->mutable_codes()->Assign(condition.values.begin(), condition.values.end());
}

template <typename Proto>
void SetSources(const Condition& condition, Proto* proto) {
  for (TagSource source : condition.sources) {
    proto->add_sources(static_cast<v1::TagSource>(source));
  }
}

void ToProto(const Condition& condition, v1::Condition* proto);

void SetList(const Condition& condition, v1::ConditionList* proto) {
  for (const Condition& child : condition.children) ToProto(child, proto->add_conditions());
}

void AnswerToProto(const Condition& condition, v1::Condition* proto) {
  switch (condition.kind) {
    case ConditionKind::kAnswerIn:
      proto->mutable_answer_in()->set_question(condition.question);
      proto->mutable_answer_in()->mutable_choices()->Assign(condition.values.begin(),
                                                            condition.values.end());
      return;
    case ConditionKind::kDateWithin:
      proto->mutable_date_within()->set_question(condition.question);
      proto->mutable_date_within()->set_days_before(condition.days_before);
      proto->mutable_date_within()->set_days_after(condition.days_after);
      return;
    case ConditionKind::kAgeBelow:
      proto->mutable_age_below()->set_question(condition.question);
      proto->mutable_age_below()->set_years(condition.years);
      return;
    default:
      proto->mutable_answer_tags_used()->set_question(condition.question);
      SetSources(condition, proto->mutable_answer_tags_used());
      return;
  }
}

void ToProto(const Condition& condition, v1::Condition* proto) {
  switch (condition.kind) {
    case ConditionKind::kAllOf:
      return SetList(condition, proto->mutable_all_of());
    case ConditionKind::kAnyOf:
      return SetList(condition, proto->mutable_any_of());
    case ConditionKind::kNot:
      if (!condition.children.empty()) ToProto(condition.children[0], proto->mutable_negated());
      return;
    case ConditionKind::kAnswerIn:
    case ConditionKind::kDateWithin:
    case ConditionKind::kAgeBelow:
    case ConditionKind::kAnswerTagsUsed:
      return AnswerToProto(condition, proto);
    case ConditionKind::kTagsUsed:
      proto->mutable_tags_used()->mutable_tags()->Assign(condition.values.begin(),
                                                         condition.values.end());
      return SetSources(condition, proto->mutable_tags_used());
    case ConditionKind::kAreaIn:
      return SetCodes(condition, proto->mutable_area_in());
    case ConditionKind::kDeliveryMethodIn:
      return SetCodes(condition, proto->mutable_delivery_method_in());
    case ConditionKind::kTechniqueIn:
      return SetCodes(condition, proto->mutable_technique_in());
    case ConditionKind::kJurisdictionIn:
      return SetCodes(condition, proto->mutable_jurisdiction_in());
    case ConditionKind::kUnspecified:
      return;
  }
}

Outcome FromProto(const v1::Outcome& proto) {
  Outcome outcome;
  outcome.condition = FromProto(proto.condition());
  const bool known =
      proto.effect() >= v1::EFFECT_ADVISE && proto.effect() <= v1::EFFECT_CONTRAINDICATED;
  outcome.effect = known ? static_cast<Effect>(proto.effect()) : Effect::kUnspecified;
  outcome.explanation = proto.explanation();
  outcome.defer_question = proto.defer_until().question();
  outcome.defer_days = proto.defer_until().days();
  return outcome;
}

Rule FromProto(const v1::Rule& proto) {
  Rule rule;
  rule.id = proto.id();
  rule.title = proto.title();
  rule.citation = proto.citation();
  const bool known = proto.confidence() >= v1::Rule::CONFIDENCE_LOW &&
                     proto.confidence() <= v1::Rule::CONFIDENCE_HIGH;
  rule.confidence = known ? static_cast<Confidence>(proto.confidence()) : Confidence::kUnspecified;
  for (const v1::Outcome& outcome : proto.outcomes()) rule.outcomes.push_back(FromProto(outcome));
  return rule;
}

void ToProto(const Rule& rule, v1::Rule* proto) {
  proto->set_id(rule.id);
  proto->set_title(rule.title);
  proto->set_citation(rule.citation);
  proto->set_confidence(static_cast<v1::Rule::Confidence>(rule.confidence));
  proto->set_hash(RuleHash(rule));
  for (const Outcome& outcome : rule.outcomes) {
    v1::Outcome* out = proto->add_outcomes();
    ToProto(outcome.condition, out->mutable_condition());
    out->set_effect(static_cast<v1::Effect>(outcome.effect));
    out->set_explanation(outcome.explanation);
    if (outcome.defer_question.empty()) continue;
    out->mutable_defer_until()->set_question(outcome.defer_question);
    out->mutable_defer_until()->set_days(outcome.defer_days);
  }
}

std::string RevisionToken(const std::string& code, int64_t revision) {
  return Encoder().String(code).Int(revision).Take();
}

template <typename Request>
absl::StatusOr<ListRevisionsRequest> ListFromProto(const Request& request) {
  FieldErrors errors;
  ListRevisionsRequest list;
  list.page_size = PageSize(request.page_size(), errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(list.filter, ParseFilter(request.filter(), {"code", "state"}));
  MESO_ASSIGN_OR_RETURN(const std::string token, ReadPageToken(request, request.page_token()));
  if (!token.empty()) {
    Decoder in(token);
    list.after.code = in.String();
    list.after.revision = in.Int();
    if (!in.done()) return PageTokenInvalid();
  }
  return list;
}

template <typename Request, typename Found, typename Add, typename Response>
void PageToProto(const Request& request, const std::vector<Found>& found, Add add,
                 Response* proto) {
  FieldErrors ignored;
  const size_t size = static_cast<size_t>(PageSize(request.page_size(), ignored));
  for (size_t i = 0; i < found.size() && i < size; ++i) ToProto(found[i], add());
  if (found.size() > size) {
    const Found& last = found[size - 1];
    proto->set_next_page_token(MakePageToken(request, RevisionToken(last.code, last.revision)));
  }
}

template <typename Name>
absl::StatusOr<PublishRequest> PublishFromProto(const Name& request, absl::string_view pattern,
                                                absl::string_view form) {
  FieldErrors errors;
  CheckName(request.name(), pattern, form, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return PublishRequest{request.name(), request.etag()};
}

}  // namespace

Questionnaire FromProto(const v1::Questionnaire& proto) {
  Questionnaire questionnaire;
  questionnaire.code = proto.code();
  questionnaire.title = proto.title();
  for (const v1::Question& question : proto.questions()) {
    const bool known =
        question.kind() >= v1::Question::KIND_YES_NO && question.kind() <= v1::Question::KIND_TAGS;
    questionnaire.questions.push_back(
        {question.id(), question.text(),
         known ? static_cast<QuestionKind>(question.kind()) : QuestionKind::kUnspecified,
         question.per_area(), question.same_day(), question.valid_days(),
         Strings(question.options()), question.help()});
  }
  return questionnaire;
}

RuleSet FromProto(const v1::RuleSet& proto) {
  RuleSet rule_set;
  rule_set.code = proto.code();
  rule_set.title = proto.title();
  rule_set.questionnaire = QuestionnaireName(proto.questionnaire());
  for (const v1::Rule& rule : proto.rules()) rule_set.rules.push_back(FromProto(rule));
  return rule_set;
}

void ToProto(const Questionnaire& questionnaire, v1::Questionnaire* proto) {
  proto->set_name(questionnaire.name().value());
  proto->set_code(questionnaire.code);
  proto->set_title(questionnaire.title);
  for (const Question& question : questionnaire.questions) {
    v1::Question* out = proto->add_questions();
    out->set_id(question.id);
    out->set_text(question.text);
    out->set_kind(static_cast<v1::Question::Kind>(question.kind));
    out->set_per_area(question.per_area);
    out->set_same_day(question.same_day);
    out->set_valid_days(question.valid_days);
    out->mutable_options()->Assign(question.options.begin(), question.options.end());
    out->set_help(question.help);
  }
  proto->set_state(static_cast<v1::Questionnaire::State>(questionnaire.state));
  proto->set_author(questionnaire.author);
  proto->set_publisher(questionnaire.publisher);
  meso::ToProto(questionnaire.create_time, proto->mutable_create_time());
  if (questionnaire.publish_time != absl::InfinitePast()) {
    meso::ToProto(questionnaire.publish_time, proto->mutable_publish_time());
  }
  proto->set_etag(questionnaire.etag());
}

void ToProto(const RuleSet& rule_set, v1::RuleSet* proto) {
  proto->set_name(rule_set.name().value());
  proto->set_code(rule_set.code);
  proto->set_title(rule_set.title);
  proto->set_questionnaire(rule_set.questionnaire.value());
  for (const Rule& rule : rule_set.rules) ToProto(rule, proto->add_rules());
  proto->set_state(static_cast<v1::RuleSet::State>(rule_set.state));
  proto->set_author(rule_set.author);
  proto->set_publisher(rule_set.publisher);
  meso::ToProto(rule_set.create_time, proto->mutable_create_time());
  if (rule_set.publish_time != absl::InfinitePast()) {
    meso::ToProto(rule_set.publish_time, proto->mutable_publish_time());
  }
  proto->set_etag(rule_set.etag());
  proto->set_hash(RuleSetHash(rule_set));
}

absl::StatusOr<Questionnaire> FromProto(const v1::CreateQuestionnaireRequest& request) {
  Questionnaire questionnaire = FromProto(request.questionnaire());
  FieldErrors errors;
  CheckQuestionnaire(questionnaire, "questionnaire", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return questionnaire;
}

absl::StatusOr<RuleSet> FromProto(const v1::CreateRuleSetRequest& request) {
  FieldErrors errors;
  const std::string& questionnaire = request.rule_set().questionnaire();
  if (questionnaire.empty()) {
    errors.Required("rule_set.questionnaire");
  } else if (!IsNameOf(kQuestionnairePattern, questionnaire)) {
    errors.Invalid("rule_set.questionnaire", "must be questionnaires/{code}/revisions/r{n}");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return FromProto(request.rule_set());
}

absl::StatusOr<PublishRequest> FromProto(const v1::PublishQuestionnaireRequest& request) {
  return PublishFromProto(request, kQuestionnairePattern,
                          "must be questionnaires/{code}/revisions/r{n}");
}

absl::StatusOr<PublishRequest> FromProto(const v1::PublishRuleSetRequest& request) {
  return PublishFromProto(request, kRuleSetPattern, "must be ruleSets/{code}/revisions/r{n}");
}

absl::StatusOr<QuestionnaireName> FromProto(const v1::GetQuestionnaireRequest& request) {
  FieldErrors errors;
  CheckName(request.name(), kQuestionnairePattern, "must be questionnaires/{code}/revisions/r{n}",
            errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return QuestionnaireName(request.name());
}

absl::StatusOr<RuleSetName> FromProto(const v1::GetRuleSetRequest& request) {
  FieldErrors errors;
  CheckName(request.name(), kRuleSetPattern, "must be ruleSets/{code}/revisions/r{n}", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return RuleSetName(request.name());
}

absl::StatusOr<ListRevisionsRequest> FromProto(const v1::ListQuestionnairesRequest& request) {
  return ListFromProto(request);
}

absl::StatusOr<ListRevisionsRequest> FromProto(const v1::ListRuleSetsRequest& request) {
  return ListFromProto(request);
}

void ToProto(const v1::ListQuestionnairesRequest& request, const std::vector<Questionnaire>& found,
             v1::ListQuestionnairesResponse* proto) {
  PageToProto(
      request, found, [proto] { return proto->add_questionnaires(); }, proto);
}

void ToProto(const v1::ListRuleSetsRequest& request, const std::vector<RuleSet>& found,
             v1::ListRuleSetsResponse* proto) {
  PageToProto(
      request, found, [proto] { return proto->add_rule_sets(); }, proto);
}

}  // namespace meso::screening
