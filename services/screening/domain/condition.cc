#include "services/screening/domain/condition.h"

#include <algorithm>

namespace meso::screening {
namespace {

Evaluation Known(bool truth) {
  Evaluation result;
  result.truth = truth ? Truth::kTrue : Truth::kFalse;
  return result;
}

Evaluation UnknownInput(absl::string_view input) {
  Evaluation result;
  result.gaps.inputs.insert(std::string(input));
  return result;
}

Evaluation UnknownAnswer(const QuestionKey& key, GapCause cause) {
  Evaluation result;
  result.gaps.questions[key] = cause;
  return result;
}

bool Contains(const std::vector<std::string>& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// The parts' results under AND; OR is the same with true and false exchanged.
Evaluation Combine(const std::vector<Evaluation>& parts, Truth decisive) {
  Evaluation decided;
  decided.truth = decisive;
  bool any_decisive = false;
  bool without_answers = false;
  Evaluation rest;
  rest.truth = decisive == Truth::kFalse ? Truth::kTrue : Truth::kFalse;
  for (const Evaluation& part : parts) {
    if (part.truth == decisive) {
      any_decisive = true;
      without_answers = without_answers || part.used.empty();
      decided.used.insert(part.used.begin(), part.used.end());
    } else if (part.truth == Truth::kUnknown) {
      rest.truth = Truth::kUnknown;
      rest.gaps.Merge(part.gaps);
    }
    rest.used.insert(part.used.begin(), part.used.end());
  }
  if (!any_decisive) return rest;
  // Decided by the treatment alone ("not an injectable"): no answer can change it, so none was
  // used.
  if (without_answers) decided.used.clear();
  return decided;
}

Evaluation EvaluateList(const Condition& condition, const Facts& facts, Truth decisive) {
  std::vector<Evaluation> parts;
  parts.reserve(condition.children.size());
  for (const Condition& child : condition.children) parts.push_back(Evaluate(child, facts));
  if (parts.empty()) return UnknownInput("rule");
  return Combine(parts, decisive);
}

Evaluation EvaluateNot(const Condition& condition, const Facts& facts) {
  if (condition.children.size() != 1) return UnknownInput("rule");
  Evaluation result = Evaluate(condition.children[0], facts);
  if (result.truth == Truth::kTrue) {
    result.truth = Truth::kFalse;
  } else if (result.truth == Truth::kFalse) {
    result.truth = Truth::kTrue;
  }
  return result;
}

// A fact of the treatment or site that its owner left open is unknown, never "none of them".
Evaluation EvaluateCode(const Condition& condition, const std::string& code,
                        absl::string_view input) {
  if (code.empty()) return UnknownInput(input);
  return Known(Contains(condition.values, code));
}

// The tags of what would be used; nullopt when a source could not be asked.
std::optional<std::set<std::string>> UsedTags(const Condition& condition, const Facts& facts) {
  std::set<std::string> tags;
  for (TagSource source : condition.sources) {
    if (source == TagSource::kNumbingCream) {
      tags.insert(facts.numbing_cream_tags.begin(), facts.numbing_cream_tags.end());
    } else if (!facts.cocktail_tags.has_value()) {
      return std::nullopt;
    } else {
      tags.insert(facts.cocktail_tags->begin(), facts.cocktail_tags->end());
    }
  }
  return tags;
}

Evaluation EvaluateTags(const std::vector<std::string>& wanted, const Condition& condition,
                        const Facts& facts) {
  if (wanted.empty()) return Known(false);
  const std::optional<std::set<std::string>> used = UsedTags(condition, facts);
  if (!used.has_value()) return UnknownInput("cocktail");
  return Known(std::any_of(wanted.begin(), wanted.end(),
                           [&used](const std::string& tag) { return used->count(tag) > 0; }));
}

Evaluation EvaluateDate(const Condition& condition, const Answer& answer, absl::CivilDay day) {
  if (answer.form == AnswerForm::kNever) return Known(false);
  if (answer.form == AnswerForm::kOngoing) return Known(true);
  return Known(answer.date >= day - condition.days_before &&
               answer.date <= day + condition.days_after);
}

// Nobody is born "never": such an answer tells no age.
Evaluation EvaluateAge(const Condition& condition, const Answer& answer, absl::CivilDay day,
                       const QuestionKey& key) {
  if (answer.form != AnswerForm::kDate) return UnknownAnswer(key, GapCause::kNotAnswered);
  const absl::CivilDay born = answer.date;
  auto years = day.year() - born.year();
  if (std::make_pair(day.month(), day.day()) < std::make_pair(born.month(), born.day())) --years;
  return Known(years < condition.years);
}

Evaluation EvaluateAnswer(const Condition& condition, const Facts& facts) {
  const Question* question = facts.questionnaire == nullptr
                                 ? nullptr
                                 : FindQuestion(*facts.questionnaire, condition.question);
  if (question == nullptr) {
    return UnknownAnswer({condition.question, ""}, GapCause::kNotAnswered);
  }
  if (question->per_area && facts.area.empty()) return UnknownInput("area");
  const QuestionKey key = KeyOf(*question, facts.area);
  const auto found = facts.answers.find(key);
  if (found == facts.answers.end()) return UnknownAnswer(key, GapCause::kNotAnswered);
  if (found->second.answer == nullptr) return UnknownAnswer(key, found->second.why_none);
  const Answer& answer = *found->second.answer;
  // The question may have changed its form since: such an answer no longer says anything.
  if (!FitsQuestion(answer, *question)) return UnknownAnswer(key, GapCause::kNotAnswered);

  Evaluation result;
  switch (condition.kind) {
    case ConditionKind::kAnswerIn:
      if (answer.form != AnswerForm::kChoice) return UnknownAnswer(key, GapCause::kNotAnswered);
      if (answer.choice == kUnsure && !Contains(condition.values, kUnsure)) {
        result = UnknownAnswer(key, GapCause::kUnsure);
      } else {
        result = Known(Contains(condition.values, answer.choice));
      }
      break;
    case ConditionKind::kDateWithin:
      if (question->kind != QuestionKind::kDate) {
        return UnknownAnswer(key, GapCause::kNotAnswered);
      }
      result = EvaluateDate(condition, answer, facts.day);
      break;
    case ConditionKind::kAgeBelow:
      result = EvaluateAge(condition, answer, facts.day, key);
      break;
    case ConditionKind::kAnswerTagsUsed:
      if (answer.form != AnswerForm::kTags) return UnknownAnswer(key, GapCause::kNotAnswered);
      result = EvaluateTags(answer.tags, condition, facts);
      break;
    default:
      return UnknownAnswer(key, GapCause::kNotAnswered);
  }
  result.used.insert(key);
  return result;
}

}  // namespace

void Gaps::Merge(const Gaps& other) {
  questions.insert(other.questions.begin(), other.questions.end());
  inputs.insert(other.inputs.begin(), other.inputs.end());
}

QuestionKey KeyOf(const Question& question, absl::string_view area) {
  return {question.id, question.per_area ? std::string(area) : std::string()};
}

Evaluation Evaluate(const Condition& condition, const Facts& facts) {
  switch (condition.kind) {
    case ConditionKind::kAllOf:
      return EvaluateList(condition, facts, Truth::kFalse);
    case ConditionKind::kAnyOf:
      return EvaluateList(condition, facts, Truth::kTrue);
    case ConditionKind::kNot:
      return EvaluateNot(condition, facts);
    case ConditionKind::kTagsUsed:
      return EvaluateTags(condition.values, condition, facts);
    case ConditionKind::kAreaIn:
      return EvaluateCode(condition, facts.area, "area");
    case ConditionKind::kDeliveryMethodIn:
      return EvaluateCode(condition, facts.delivery_method, "delivery_method");
    case ConditionKind::kTechniqueIn:
      return EvaluateCode(condition, facts.technique, "technique");
    case ConditionKind::kJurisdictionIn:
      return EvaluateCode(condition, facts.jurisdiction, "jurisdiction");
    case ConditionKind::kAnswerIn:
    case ConditionKind::kDateWithin:
    case ConditionKind::kAgeBelow:
    case ConditionKind::kAnswerTagsUsed:
      return EvaluateAnswer(condition, facts);
    case ConditionKind::kUnspecified:
      break;
  }
  return UnknownInput("rule");
}

}  // namespace meso::screening
