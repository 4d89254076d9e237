// Why a rule is refused before anybody's treatment depends on it: what evaluation would have to
// call unknown for ever is found when the rule is written.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/screening/domain/condition.h"

namespace meso::screening {
namespace {

constexpr size_t kChildrenMax = 32;
constexpr size_t kValuesMax = 50;
constexpr int kDaysMax = 36500;
constexpr int kYearsMax = 150;

struct Checker {
  const Questionnaire& questionnaire;
  FieldErrors& errors;
  int nodes = 0;

  const Question* CheckQuestionOf(const Condition& condition, const std::string& at,
                                  std::initializer_list<QuestionKind> kinds) {
    const std::string field = absl::StrCat(at, ".question");
    if (condition.question.empty()) {
      errors.Required(field);
      return nullptr;
    }
    const Question* question = FindQuestion(questionnaire, condition.question);
    if (question == nullptr) {
      errors.Invalid(field, absl::StrCat("the questionnaire has no question ", condition.question));
      return nullptr;
    }
    if (std::find(kinds.begin(), kinds.end(), question->kind) == kinds.end()) {
      errors.Invalid(field, absl::StrCat("question ", condition.question,
                                         " is of a kind this condition cannot read"));
      return nullptr;
    }
    return question;
  }

  template <typename Form>
  void CheckValues(const Condition& condition, const std::string& field, absl::string_view what,
                   Form form) {
    if (condition.values.empty()) errors.Required(field);
    if (condition.values.size() > kValuesMax) errors.Invalid(field, "must be at most 50");
    for (size_t i = 0; i < condition.values.size(); ++i) {
      if (!form(condition.values[i])) errors.Invalid(absl::StrCat(field, "[", i, "]"), what);
    }
  }

  void CheckChoices(const Condition& condition, const std::string& at) {
    const Question* question =
        CheckQuestionOf(condition, at, {QuestionKind::kYesNo, QuestionKind::kChoice});
    if (question == nullptr) return;
    CheckValues(condition, absl::StrCat(at, ".choices"), "is no answer to the question",
                [question](const std::string& value) {
                  Answer answer;
                  answer.form = AnswerForm::kChoice;
                  answer.choice = value;
                  return FitsQuestion(answer, *question);
                });
  }

  void CheckSources(const Condition& condition, const std::string& at) {
    const std::string field = absl::StrCat(at, ".sources");
    if (condition.sources.empty()) errors.Required(field);
    for (size_t i = 0; i < condition.sources.size(); ++i) {
      if (condition.sources[i] == TagSource::kUnspecified) {
        errors.Invalid(absl::StrCat(field, "[", i, "]"), "must be a known source");
      }
    }
  }

  void CheckDays(const Condition& condition, const std::string& at) {
    CheckQuestionOf(condition, at, {QuestionKind::kDate});
    if (condition.days_before < 0 || condition.days_before > kDaysMax) {
      errors.Invalid(absl::StrCat(at, ".days_before"), "must be 0 to 36500");
    }
    if (condition.days_after < 0 || condition.days_after > kDaysMax) {
      errors.Invalid(absl::StrCat(at, ".days_after"), "must be 0 to 36500");
    }
  }

  void CheckList(const Condition& condition, const std::string& at, int depth) {
    const std::string field = absl::StrCat(at, ".conditions");
    if (condition.children.empty()) errors.Required(field);
    if (condition.children.size() > kChildrenMax) errors.Invalid(field, "must be at most 32");
    for (size_t i = 0; i < condition.children.size(); ++i) {
      Check(condition.children[i], absl::StrCat(field, "[", i, "]"), depth + 1);
    }
  }

  void CheckCodes(const Condition& condition, const std::string& at) {
    CheckValues(condition, absl::StrCat(at, ".codes"), "must be 1-32 of A-Z 0-9 _", IsUpperCode);
  }

  void Check(const Condition& condition, const std::string& at, int depth) {
    if (++nodes > kConditionNodesMax) {
      if (nodes == kConditionNodesMax + 1) errors.Invalid(at, "has more than 64 nodes");
      return;
    }
    if (depth > kConditionDepthMax) {
      errors.Invalid(at, "is nested deeper than 8 levels");
      return;
    }
    switch (condition.kind) {
      case ConditionKind::kAllOf:
        return CheckList(condition, absl::StrCat(at, ".all_of"), depth);
      case ConditionKind::kAnyOf:
        return CheckList(condition, absl::StrCat(at, ".any_of"), depth);
      case ConditionKind::kNot:
        if (condition.children.size() != 1) return errors.Required(absl::StrCat(at, ".negated"));
        return Check(condition.children[0], absl::StrCat(at, ".negated"), depth + 1);
      case ConditionKind::kAnswerIn:
        return CheckChoices(condition, absl::StrCat(at, ".answer_in"));
      case ConditionKind::kDateWithin:
        return CheckDays(condition, absl::StrCat(at, ".date_within"));
      case ConditionKind::kAgeBelow:
        return CheckAge(condition, absl::StrCat(at, ".age_below"));
      case ConditionKind::kAnswerTagsUsed:
        CheckQuestionOf(condition, absl::StrCat(at, ".answer_tags_used"), {QuestionKind::kTags});
        return CheckSources(condition, absl::StrCat(at, ".answer_tags_used"));
      case ConditionKind::kTagsUsed:
        CheckValues(condition, absl::StrCat(at, ".tags_used.tags"), "must be 1-64 of a-z 0-9 _",
                    IsTag);
        return CheckSources(condition, absl::StrCat(at, ".tags_used"));
      case ConditionKind::kAreaIn:
        return CheckCodes(condition, absl::StrCat(at, ".area_in"));
      case ConditionKind::kDeliveryMethodIn:
        return CheckCodes(condition, absl::StrCat(at, ".delivery_method_in"));
      case ConditionKind::kTechniqueIn:
        return CheckCodes(condition, absl::StrCat(at, ".technique_in"));
      case ConditionKind::kJurisdictionIn:
        return CheckCodes(condition, absl::StrCat(at, ".jurisdiction_in"));
      case ConditionKind::kUnspecified:
        return errors.Required(absl::StrCat(at, ".kind"));
    }
  }

  void CheckAge(const Condition& condition, const std::string& at) {
    CheckQuestionOf(condition, at, {QuestionKind::kDate});
    if (condition.years < 1 || condition.years > kYearsMax) {
      errors.Invalid(absl::StrCat(at, ".years"), "must be 1 to 150");
    }
  }
};

}  // namespace

void CheckCondition(const Condition& condition, const Questionnaire& questionnaire,
                    absl::string_view field, FieldErrors& errors) {
  Checker{questionnaire, errors}.Check(condition, std::string(field), 1);
}

}  // namespace meso::screening
