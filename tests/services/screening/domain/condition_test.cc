// The condition language: three-valued logic, and what is refused when a rule is written.
#include "services/screening/domain/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "services/screening/domain/rule_set.h"
#include "tests/services/screening/default_content.h"

namespace meso::screening {
namespace {

using ::testing::HasSubstr;

constexpr Truth F = Truth::kFalse;
constexpr Truth U = Truth::kUnknown;
constexpr Truth T = Truth::kTrue;

Condition AnswerIn(const std::string& question, const std::vector<std::string>& choices) {
  Condition condition;
  condition.kind = ConditionKind::kAnswerIn;
  condition.question = question;
  condition.values = choices;
  return condition;
}

Condition Combined(ConditionKind kind, std::vector<Condition> children) {
  Condition condition;
  condition.kind = kind;
  condition.children = std::move(children);
  return condition;
}

Condition Date(int before, int after) {
  Condition condition;
  condition.kind = ConditionKind::kDateWithin;
  condition.question = "dental_date";
  condition.days_before = before;
  condition.days_after = after;
  return condition;
}

// Facts in which "keloid_history" is yes, "heart_disease" no and "pregnant" not answered.
class ConditionTest : public ::testing::Test {
 protected:
  ConditionTest() : yes_(Choice("keloid_history", kYes)), no_(Choice("heart_disease", kNo)) {
    facts_.day = absl::CivilDay(2026, 11, 24);
    facts_.area = "FACE";
    facts_.questionnaire = &DefaultQuestionnaire();
    facts_.answers[{"keloid_history", ""}] = {&yes_, GapCause::kNotAnswered};
    facts_.answers[{"heart_disease", ""}] = {&no_, GapCause::kNotAnswered};
  }

  Condition Of(Truth truth) const {
    return AnswerIn(truth == T   ? "keloid_history"
                    : truth == F ? "heart_disease"
                                 : "pregnant",
                    {kYes});
  }

  const Answer yes_;
  const Answer no_;
  Facts facts_;
};

TEST_F(ConditionTest, LogicHasThreeValues) {
  for (Truth a : {F, U, T}) {
    EXPECT_EQ(Evaluate(Of(a), facts_).truth, a);
    const Truth inverse = a == T ? F : a == F ? T : U;
    EXPECT_EQ(Evaluate(Combined(ConditionKind::kNot, {Of(a)}), facts_).truth, inverse);
    for (Truth b : {F, U, T}) {
      EXPECT_EQ(Evaluate(Combined(ConditionKind::kAllOf, {Of(a), Of(b)}), facts_).truth,
                std::min(a, b));
      EXPECT_EQ(Evaluate(Combined(ConditionKind::kAnyOf, {Of(a), Of(b)}), facts_).truth,
                std::max(a, b));
    }
  }
}

TEST_F(ConditionTest, AnUnknownSaysWhatIsMissing) {
  const Evaluation evaluation = Evaluate(Combined(ConditionKind::kAllOf, {Of(T), Of(U)}), facts_);
  ASSERT_EQ(evaluation.truth, U);
  EXPECT_EQ(evaluation.gaps.questions.size(), 1u);
  EXPECT_EQ(evaluation.gaps.questions.count({"pregnant", ""}), 1u);
  // A decided branch needs nothing more.
  EXPECT_TRUE(Evaluate(Combined(ConditionKind::kAllOf, {Of(F), Of(U)}), facts_).gaps.empty());
  EXPECT_TRUE(Evaluate(Combined(ConditionKind::kAnyOf, {Of(T), Of(U)}), facts_).gaps.empty());
}

TEST_F(ConditionTest, MalformedNodesAreUnknownNeverFalse) {
  for (const Condition& condition :
       {Condition(), Combined(ConditionKind::kAllOf, {}), Combined(ConditionKind::kNot, {}),
        AnswerIn("no_such_question", {kYes}), AnswerIn("birth_date", {kYes})}) {
    const Evaluation evaluation = Evaluate(condition, facts_);
    EXPECT_EQ(evaluation.truth, U);
    EXPECT_FALSE(evaluation.gaps.empty());
  }
}

TEST_F(ConditionTest, ADateWindowIncludesBothItsEnds) {
  const absl::CivilDay day = facts_.day;
  for (const auto& [offset, truth] :
       std::vector<std::pair<int, Truth>>{{-4, F}, {-3, T}, {0, T}, {2, T}, {3, F}}) {
    const Answer answer = OnDay("dental_date", day + offset);
    facts_.answers[{"dental_date", ""}] = {&answer, GapCause::kNotAnswered};
    EXPECT_EQ(Evaluate(Date(3, 2), facts_).truth, truth) << offset;
  }
}

// The description of the one fault found in a condition.
std::string FaultOf(const Condition& condition) {
  FieldErrors errors;
  CheckCondition(condition, DefaultQuestionnaire(), "c", errors);
  std::string text;
  for (const Violation& violation : DetailsOf(errors.ToStatus()).violations) {
    text += violation.reason + " " + violation.subject + ": " + violation.description + "\n";
  }
  return text;
}

TEST_F(ConditionTest, WhatCouldNeverBeAnsweredIsRefusedWhenWritten) {
  Condition tags;
  tags.kind = ConditionKind::kTagsUsed;
  tags.values = {"Salmon!"};
  Condition area;
  area.kind = ConditionKind::kAreaIn;
  area.values = {"face"};
  Condition age;
  age.kind = ConditionKind::kAgeBelow;
  age.question = "birth_date";
  const std::vector<std::pair<Condition, std::string>> cases = {
      {Condition(), "FIELD_REQUIRED c.kind"},
      {Combined(ConditionKind::kAllOf, {}), "FIELD_REQUIRED c.all_of.conditions"},
      {Combined(ConditionKind::kAnyOf, {Condition()}),
       "FIELD_REQUIRED c.any_of.conditions[0].kind"},
      {Combined(ConditionKind::kNot, {}), "FIELD_REQUIRED c.negated"},
      {AnswerIn("", {kYes}), "FIELD_REQUIRED c.answer_in.question"},
      {AnswerIn("no_such_question", {kYes}), "no question no_such_question"},
      {AnswerIn("birth_date", {kYes}), "of a kind this condition cannot read"},
      {AnswerIn("pregnant", {"MAYBE"}), "FIELD_INVALID c.answer_in.choices[0]"},
      {AnswerIn("pregnant", {}), "FIELD_REQUIRED c.answer_in.choices"},
      {Date(-1, 0), "FIELD_INVALID c.date_within.days_before"},
      {Date(0, 36501), "FIELD_INVALID c.date_within.days_after"},
      {age, "FIELD_INVALID c.age_below.years"},
      {tags, "FIELD_INVALID c.tags_used.tags[0]"},
      {tags, "FIELD_REQUIRED c.tags_used.sources"},
      {area, "FIELD_INVALID c.area_in.codes[0]"},
  };
  for (const auto& [condition, fault] : cases) EXPECT_THAT(FaultOf(condition), HasSubstr(fault));
  EXPECT_EQ(FaultOf(AnswerIn("pregnant", {kYes, kUnsure})), "");
}

TEST_F(ConditionTest, DepthAndSizeAreBounded) {
  Condition deep = AnswerIn("pregnant", {kYes});
  for (int i = 1; i < kConditionDepthMax; ++i) deep = Combined(ConditionKind::kNot, {deep});
  EXPECT_EQ(FaultOf(deep), "");
  EXPECT_THAT(FaultOf(Combined(ConditionKind::kNot, {deep})), HasSubstr("deeper than 8 levels"));
  const Condition half =
      Combined(ConditionKind::kAnyOf, std::vector<Condition>(31, AnswerIn("pregnant", {kYes})));
  EXPECT_EQ(FaultOf(half), "");
  EXPECT_THAT(FaultOf(Combined(ConditionKind::kAllOf, {half, half})),
              HasSubstr("more than 64 nodes"));
}

TEST_F(ConditionTest, ADeferralsEndMustBeADateAndBelongToADeferral) {
  RuleSet rule_set = DefaultRuleSet();
  rule_set.rules.resize(1);
  Outcome& outcome = rule_set.rules[0].outcomes[0];
  outcome.defer_question = "pregnant";
  outcome.defer_days = 14;
  for (const auto& [effect, fault] :
       std::vector<std::pair<Effect, std::string>>{{Effect::kAdvise, "only a deferral has an end"},
                                                   {Effect::kDefer, "must be a date question"}}) {
    outcome.effect = effect;
    FieldErrors errors;
    CheckRuleSet(rule_set, DefaultQuestionnaire(), "rule_set", errors);
    const auto violations = DetailsOf(errors.ToStatus()).violations;
    ASSERT_EQ(violations.size(), 1u);
    EXPECT_EQ(violations[0].description, fault);
  }
}

TEST_F(ConditionTest, AnswersAreMeasuredByTheirQuestions) {
  Answer nothing = Choice("keloid_history", "");
  nothing.form = AnswerForm::kUnspecified;
  const std::vector<std::pair<std::vector<Answer>, std::string>> cases = {
      {{Choice("no_such_question", kYes)}, "FIELD_INVALID a[0].question"},
      {{Choice("keloid_history", "yes")}, "FIELD_INVALID a[0].value"},
      {{nothing}, "FIELD_REQUIRED a[0].value"},
      {{Never("keloid_history")}, "FIELD_INVALID a[0].value"},
      {{Choice("birth_date", kYes)}, "FIELD_INVALID a[0].value"},
      {{TagsOf("allergies", {"Not A Tag"})}, "FIELD_INVALID a[0].value"},
      {{TagsOf("allergies", {"egg", "egg"})}, "FIELD_INVALID a[0].value"},
      {{Choice("sunburn", kNo)}, "FIELD_REQUIRED a[0].area"},
      {{Choice("sunburn", kNo, "face")}, "FIELD_INVALID a[0].area"},
      {{Choice("pregnant", kNo, "FACE")}, "FIELD_INVALID a[0].area"},
      {{Choice("pregnant", kNo), Choice("pregnant", kYes)}, "FIELD_INVALID a[1].question"},
  };
  for (const auto& [answers, fault] : cases) {
    FieldErrors errors;
    CheckAnswers(answers, DefaultQuestionnaire(), "a", errors);
    const auto violations = DetailsOf(errors.ToStatus()).violations;
    ASSERT_EQ(violations.size(), 1u) << fault;
    EXPECT_EQ(violations[0].reason + " " + violations[0].subject, fault);
  }
  FieldErrors errors;
  CheckAnswers(HarmlessAnswers("FACE"), DefaultQuestionnaire(), "a", errors);
  EXPECT_TRUE(errors.empty());
}

TEST_F(ConditionTest, DaysThatDoNotExistAreNoDays) {
  for (const char* text : {"2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "26-01-01",
                           "2026-01-01 ", "1849-12-31", "2201-01-01", "", "2026/01/01"}) {
    EXPECT_EQ(ParseDay(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseDay("2028-02-29"), absl::CivilDay(2028, 2, 29));
  EXPECT_EQ(DayText(absl::CivilDay(1990, 6, 5)), "1990-06-05");
}

}  // namespace
}  // namespace meso::screening
