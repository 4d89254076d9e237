#include "services/screening/domain/rule_set.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "services/screening/domain/errors.h"

namespace meso::screening {
namespace {

constexpr size_t kCitationLengthMax = 500;
constexpr size_t kExplanationLengthMax = 1000;
constexpr int kDeferDaysMax = 3650;

bool IsRuleId(absl::string_view text) {
  if (text.empty() || text.size() > 32) return false;
  for (char c : text) {
    if (!absl::ascii_isupper(c) && !absl::ascii_isdigit(c) && c != '-') return false;
  }
  return true;
}

void CheckText(const std::string& text, size_t length_max, const std::string& field,
               FieldErrors& errors) {
  if (text.empty()) {
    errors.Required(field);
  } else if (text.size() > length_max) {
    errors.Invalid(field, absl::StrCat("must be at most ", length_max, " characters"));
  }
}

void CheckDeferral(const Outcome& outcome, const Questionnaire& questionnaire,
                   const std::string& at, FieldErrors& errors) {
  if (outcome.defer_question.empty() && outcome.defer_days == 0) return;
  const std::string field = absl::StrCat(at, ".defer_until");
  if (outcome.effect != Effect::kDefer) {
    errors.Invalid(field, "only a deferral has an end");
    return;
  }
  const Question* question = FindQuestion(questionnaire, outcome.defer_question);
  if (question == nullptr || question->kind != QuestionKind::kDate) {
    errors.Invalid(absl::StrCat(field, ".question"), "must be a date question");
  }
  if (outcome.defer_days < 1 || outcome.defer_days > kDeferDaysMax) {
    errors.Invalid(absl::StrCat(field, ".days"), "must be 1 to 3650");
  }
}

void CheckRule(const Rule& rule, const Questionnaire& questionnaire, const std::string& at,
               FieldErrors& errors) {
  if (rule.id.empty()) {
    errors.Required(absl::StrCat(at, ".id"));
  } else if (!IsRuleId(rule.id)) {
    errors.Invalid(absl::StrCat(at, ".id"), "must be 1-32 of A-Z 0-9 -");
  }
  CheckText(rule.title, kTitleLengthMax, absl::StrCat(at, ".title"), errors);
  CheckText(rule.citation, kCitationLengthMax, absl::StrCat(at, ".citation"), errors);
  if (rule.confidence == Confidence::kUnspecified) errors.Required(absl::StrCat(at, ".confidence"));
  const std::string outcomes_field = absl::StrCat(at, ".outcomes");
  if (rule.outcomes.empty()) errors.Required(outcomes_field);
  if (rule.outcomes.size() > kOutcomesMax) errors.Invalid(outcomes_field, "must be at most 8");
  for (size_t i = 0; i < rule.outcomes.size(); ++i) {
    const Outcome& outcome = rule.outcomes[i];
    const std::string outcome_at = absl::StrCat(outcomes_field, "[", i, "]");
    if (outcome.effect == Effect::kUnspecified) {
      errors.Required(absl::StrCat(outcome_at, ".effect"));
    }
    CheckText(outcome.explanation, kExplanationLengthMax, absl::StrCat(outcome_at, ".explanation"),
              errors);
    CheckCondition(outcome.condition, questionnaire, absl::StrCat(outcome_at, ".condition"),
                   errors);
    CheckDeferral(outcome, questionnaire, outcome_at, errors);
  }
}

}  // namespace

RuleSetName RuleSet::name() const {
  return RuleSetName(absl::StrCat("ruleSets/", code, "/revisions/r", revision));
}

std::string RuleSet::etag() const { return absl::StrCat(static_cast<int>(state)); }

void CheckRuleSet(const RuleSet& rule_set, const Questionnaire& questionnaire,
                  absl::string_view field, FieldErrors& errors) {
  const std::string code_field = absl::StrCat(field, ".code");
  if (rule_set.code.empty()) {
    errors.Required(code_field);
  } else if (!IsCode(rule_set.code)) {
    errors.Invalid(code_field, "must be 1-64 of A-Z a-z 0-9 - _");
  }
  CheckText(rule_set.title, kTitleLengthMax, absl::StrCat(field, ".title"), errors);
  const std::string rules_field = absl::StrCat(field, ".rules");
  if (rule_set.rules.empty()) errors.Required(rules_field);
  if (rule_set.rules.size() > kRulesMax) {
    errors.Invalid(rules_field, "must be at most 500");
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < rule_set.rules.size(); ++i) {
    const std::string at = absl::StrCat(rules_field, "[", i, "]");
    CheckRule(rule_set.rules[i], questionnaire, at, errors);
    if (!seen.insert(rule_set.rules[i].id).second) {
      errors.Invalid(absl::StrCat(at, ".id"), "stands here twice");
    }
  }
}

absl::Status DecidePublish(absl::string_view name, RevisionState state, absl::string_view author,
                           absl::string_view publisher, absl::string_view given_etag,
                           absl::string_view current_etag) {
  if (author == publisher) return SelfApproval(name);
  if (state == RevisionState::kPublished) return absl::OkStatus();
  if (state == RevisionState::kSuperseded) {
    return StateNotAllowed(name, StateText(state), StateText(RevisionState::kDraft));
  }
  if (!given_etag.empty() && given_etag != current_etag) {
    return EtagMismatch(name, given_etag, current_etag);
  }
  return absl::OkStatus();
}

}  // namespace meso::screening
