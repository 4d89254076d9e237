// How findings and gaps become one state: precedence, validity of answers day by day in the site's
// calendar, what must be asked again and from when.
#include "services/screening/domain/clearance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/services/screening/default_content.h"

namespace meso::screening {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = ClearanceState;
using Change = std::function<void(Scenario&)>;

absl::CivilDay Day(int year, int month, int day) { return absl::CivilDay(year, month, day); }

// Moves the appointment, in local time of the scenario's site.
void At(Scenario& scenario, const std::string& at) {
  scenario.input.at = LocalTime(at, scenario.input.zone);
}
void Now(Scenario& scenario, const std::string& now) {
  scenario.input.now = LocalTime(now, scenario.input.zone);
}

std::vector<std::string> QuestionsOf(const std::vector<OpenQuestion>& open_questions) {
  std::vector<std::string> ids;
  for (const OpenQuestion& open : open_questions) ids.push_back(open.key.first);
  return ids;
}

TEST(ClearanceTest, TheGravestStateWins) {
  // Each change alone leads to its state; all of them from one on, to that one.
  const std::vector<std::pair<State, Change>> gravest_first = {
      {State::kContraindicated, [](Scenario& s) { s.Say(Choice("pregnant", kYes)); }},
      {State::kIncomplete, [](Scenario& s) { s.Forget("keloid_history"); }},
      {State::kExpired,
       [](Scenario& s) {
         s.Say(Choice("chronic_illness", kNo), LocalTime("2026-09-01 08:00", s.input.zone));
       }},
      {State::kDeferred, [](Scenario& s) { s.Say(Choice("fever_or_antibiotics", kYes)); }},
      {State::kNeedsApproval, [](Scenario& s) { s.Say(Choice("cancer_treatment", kYes)); }},
      {State::kProvisional,
       [](Scenario& s) {
         At(s, "2026-11-25 10:00");
         Now(s, "2026-11-24 09:00");
       }},
      {State::kCleared, [](Scenario&) {}},
  };
  for (size_t i = 0; i < gravest_first.size(); ++i) {
    Scenario alone;
    gravest_first[i].second(alone);
    EXPECT_EQ(alone.Decide().state, gravest_first[i].first) << i;
    Scenario with_the_lesser;
    for (size_t j = i; j < gravest_first.size(); ++j) gravest_first[j].second(with_the_lesser);
    EXPECT_EQ(with_the_lesser.Decide().state, gravest_first[i].first) << i;
  }
}

TEST(ClearanceTest, AdviceAloneDoesNotStandInTheWay) {
  Scenario scenario;
  scenario.Say(Choice("cold_sore_history", kYes));
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kCleared);
  EXPECT_EQ(clearance.findings.size(), 1u);
}

TEST(ClearanceTest, AllFindingsAreGivenGravestFirst) {
  Scenario scenario;
  scenario.Say(Choice("cold_sore_history", kYes));
  scenario.Say(Choice("cancer_treatment", kYes));
  scenario.Say(Choice("area_infection", kYes, "FACE"));
  scenario.Say(Choice("breastfeeding", kYes));
  std::vector<std::string> rules;
  for (const Finding& finding : scenario.Decide().findings) rules.push_back(finding.rule);
  EXPECT_THAT(rules, ElementsAre("MS-03", "MS-06", "MS-04", "MS-14"));
}

TEST(ClearanceTest, AnAnswerCountsForThirtyDaysAfterTheDayItWasGiven) {
  for (const auto& [now, state] :
       std::vector<std::pair<std::string, State>>{{"2026-11-24 09:00", State::kCleared},
                                                  {"2026-12-24 23:59", State::kCleared},
                                                  {"2026-12-25 00:00", State::kExpired}}) {
    Scenario scenario;
    Now(scenario, now);
    At(scenario, now);
    for (const char* question : {"pregnant", "breastfeeding", "fever_or_antibiotics"}) {
      scenario.Say(Choice(question, kNo), scenario.input.now);
    }
    scenario.Say(Choice("area_infection", kNo, "FACE"), scenario.input.now);
    EXPECT_EQ(scenario.Decide().state, state) << now;
  }
}

TEST(ClearanceTest, ASameDayAnswerLapsesAtTheSitesMidnight) {
  // One instant, 14 hours after the answers: the same day in Paris, the next in Sydney.
  const absl::Time answered = LocalTime("2026-11-24 00:30", Zone("Europe/Paris"));
  const absl::Time asked = answered + absl::Hours(14);
  for (const auto& [zone, state] : std::vector<std::pair<std::string, State>>{
           {"Europe/Paris", State::kCleared}, {"Australia/Sydney", State::kExpired}}) {
    Scenario scenario;
    scenario.input.zone = Zone(zone);
    scenario.input.at = asked;
    scenario.input.now = asked;
    scenario.AnsweredAt(answered);
    const Clearance clearance = scenario.Decide();
    EXPECT_EQ(clearance.state, state) << zone;
    if (state != State::kExpired) continue;
    EXPECT_THAT(QuestionsOf(clearance.missing),
                ElementsAre("area_infection", "breastfeeding", "fever_or_antibiotics", "pregnant"));
    for (const OpenQuestion& open : clearance.missing) EXPECT_EQ(open.cause, GapCause::kLapsed);
  }
}

TEST(ClearanceTest, ALapsedAnswerIsNoFindingHoweverBadItWas) {
  Scenario scenario;
  scenario.Say(Choice("pregnant", kYes), LocalTime("2026-11-23 23:59", scenario.input.zone));
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kExpired);
  EXPECT_THAT(clearance.findings, IsEmpty());
  EXPECT_THAT(QuestionsOf(clearance.missing), ElementsAre("pregnant"));
}

TEST(ClearanceTest, AFutureDayIsProvisionalAndSaysWhatToAskAgainAndFromWhen) {
  Scenario scenario;
  At(scenario, "2026-12-10 10:00");
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kProvisional);
  EXPECT_THAT(clearance.missing, IsEmpty());
  EXPECT_THAT(QuestionsOf(clearance.due),
              ElementsAre("area_infection", "breastfeeding", "fever_or_antibiotics", "pregnant"));
  for (const OpenQuestion& open : clearance.due) {
    EXPECT_EQ(open.cause, GapCause::kDueAgain);
    EXPECT_TRUE(open.blocking);
    EXPECT_EQ(open.ask_from_time, LocalTime("2026-12-10 00:00", scenario.input.zone));
  }
}

TEST(ClearanceTest, ADayBeyondAllAnswersAsksForAllOfThemAgain) {
  Scenario scenario;
  At(scenario, "2026-12-25 10:00");  // 31 days on
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kProvisional);
  EXPECT_GT(clearance.due.size(), 15u);
  for (const OpenQuestion& open : clearance.due) {
    if (open.key.first != "keloid_history") continue;
    EXPECT_EQ(open.ask_from_time, LocalTime("2026-11-25 00:00", scenario.input.zone));
  }
}

TEST(ClearanceTest, AFutureDayWithALapsedAnswerIsNotProvisional) {
  Scenario scenario;
  At(scenario, "2026-12-10 10:00");
  scenario.Say(Choice("keloid_history", kNo), LocalTime("2026-10-01 08:00", scenario.input.zone));
  EXPECT_EQ(scenario.Decide().state, State::kExpired);
  scenario.Forget("keloid_history");
  EXPECT_EQ(scenario.Decide().state, State::kIncomplete);
}

TEST(ClearanceTest, ABadAnswerThatCountsTodaySpeaksAgainstAFutureDayToo) {
  Scenario scenario;
  At(scenario, "2026-12-10 10:00");
  scenario.Say(Choice("pregnant", kYes));
  EXPECT_EQ(scenario.Decide().state, State::kContraindicated);
}

TEST(ClearanceTest, AnOpenAdviceQuestionIsToldButDoesNotBlock) {
  Scenario scenario;
  scenario.Forget("dental_date");
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kCleared);
  ASSERT_THAT(QuestionsOf(clearance.missing), ElementsAre("dental_date"));
  EXPECT_FALSE(clearance.missing[0].blocking);
}

TEST(ClearanceTest, ADatedDeferralNamesTheFirstSafeDay) {
  Scenario scenario;
  scenario.Say(OnDay("resurfacing_date", Day(2026, 11, 20), "FACE"));
  Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kDeferred);
  EXPECT_EQ(clearance.earliest_safe_date, Day(2026, 12, 4));
  // On that day nothing defers any more.
  At(scenario, "2026-12-04 00:00");
  EXPECT_EQ(scenario.Decide().state, State::kProvisional);
  At(scenario, "2026-12-03 23:59");
  EXPECT_EQ(scenario.Decide().state, State::kDeferred);
}

TEST(ClearanceTest, AnUndatedDeferralLeavesTheSafeDayOpen) {
  Scenario scenario;
  scenario.Say(OnDay("resurfacing_date", Day(2026, 11, 20), "FACE"));
  scenario.Say(Choice("sunburn", kYes, "FACE"));
  EXPECT_EQ(scenario.Decide().earliest_safe_date, std::nullopt);
  Scenario ongoing;
  ongoing.Say(Ongoing("resurfacing_date", "FACE"));
  EXPECT_EQ(ongoing.Decide().state, State::kDeferred);
  EXPECT_EQ(ongoing.Decide().earliest_safe_date, std::nullopt);
}

TEST(ClearanceTest, UnknownTagsAreNeverSafe) {
  Scenario scenario;
  scenario.Say(TagsOf("allergies", {"lidocaine"}));
  scenario.input.cocktail.tags = std::nullopt;
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kIncomplete);
  EXPECT_THAT(clearance.missing_inputs, ElementsAre("cocktail"));
  // Not even when no answer makes a tag matter: the recipe may be none that anybody reviewed.
  scenario.Say(TagsOf("allergies", {}));
  EXPECT_EQ(scenario.Decide().state, State::kIncomplete);
  scenario.Say(Choice("pregnant", kYes));
  EXPECT_EQ(scenario.Decide().state, State::kContraindicated);
}

TEST(ClearanceTest, WhatTheTreatmentLeavesOpenIsNeverSafe) {
  Scenario scenario;
  scenario.input.treatment.delivery_method = "DEVICE_ASSISTED";
  scenario.input.treatment.technique = "";
  scenario.Say(Choice("implanted_electronics", kYes));
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kIncomplete);
  EXPECT_THAT(clearance.missing_inputs, ElementsAre("technique"));
  Scenario no_area;
  no_area.Area("");
  EXPECT_EQ(no_area.Decide().state, State::kIncomplete);
  EXPECT_THAT(no_area.Decide().missing_inputs, ElementsAre("area"));
}

TEST(ClearanceTest, AnAnswerThatNoLongerFitsItsQuestionCountsAsNone) {
  Scenario scenario;
  scenario.Say(Never("keloid_history"));
  const Clearance clearance = scenario.Decide();
  EXPECT_EQ(clearance.state, State::kIncomplete);
  EXPECT_EQ(clearance.missing[0].cause, GapCause::kNotAnswered);
}

TEST(ClearanceTest, ARuleThatCannotBeReadMakesTheAnswerIncomplete) {
  RuleSet broken = DefaultRuleSet();
  broken.rules[0].outcomes[0].condition = Condition();
  Scenario scenario;
  scenario.input.rule_set = &broken;
  EXPECT_EQ(scenario.Decide().state, State::kIncomplete);
}

TEST(ClearanceTest, NamesTheAssessmentsUsedAndWhenTheFirstAnswerLapses) {
  Scenario scenario;
  scenario.Say(Choice("keloid_history", kNo), LocalTime("2026-11-01 08:00", scenario.input.zone),
               "assessments/old");
  // Not needed for this treatment, so neither its lapse nor its assessment matters.
  scenario.Say(Choice("heart_disease", kNo), LocalTime("2026-10-01 08:00", scenario.input.zone),
               "assessments/unused");
  const Clearance clearance = scenario.Decide();
  EXPECT_THAT(clearance.assessments, ElementsAre("assessments/a", "assessments/old"));
  // The same-day answers go first: at the end of the day.
  EXPECT_EQ(clearance.expire_time, LocalTime("2026-11-25 00:00", scenario.input.zone));
}

TEST(ClearanceTest, DaysAreTheSitesAlsoWhereClocksChange) {
  // In Sydney 4 October 2026 has 23 hours; an answer of 00:30 still counts at 23:30.
  Scenario scenario;
  scenario.input.zone = Zone("Australia/Sydney");
  const absl::Time answered = LocalTime("2026-10-04 00:30", scenario.input.zone);
  scenario.AnsweredAt(answered);
  scenario.input.now = scenario.input.at = answered + absl::Hours(22);
  EXPECT_EQ(scenario.Decide().state, State::kCleared);
  EXPECT_EQ(scenario.Decide().expire_time, LocalTime("2026-10-05 00:00", scenario.input.zone));
  scenario.input.now = scenario.input.at = answered + absl::Hours(22) + absl::Minutes(30);
  EXPECT_EQ(scenario.Decide().state, State::kExpired);
}

TEST(ClearanceTest, ATimeFarOffOrPastIsRefused) {
  const absl::Time now = LocalTime("2026-11-24 09:00", Zone("Europe/Paris"));
  for (const auto& [offset, ok] : std::vector<std::pair<absl::Duration, bool>>{
           {-absl::Minutes(60), true},
           {-absl::Minutes(61), false},
           {absl::Hours(24 * 365 * 3), true},
           {absl::Hours(24 * 365 * 3) + absl::Seconds(1), false}}) {
    FieldErrors errors;
    CheckClearanceTime(now + offset, now, "at", errors);
    EXPECT_EQ(errors.empty(), ok) << offset;
  }
}

TEST(ClearanceTest, RankingPutsWhatIsAllowedFirst) {
  Cocktail a;
  a.name = CocktailRevisionName("cocktails/C-01/revisions/r1");
  Cocktail b;
  b.name = CocktailRevisionName("cocktails/C-02/revisions/r1");
  Clearance cleared;
  cleared.state = State::kCleared;
  Clearance provisional;
  provisional.state = State::kProvisional;
  Clearance advised = cleared;
  advised.findings.emplace_back();
  EXPECT_TRUE(IsBetter(b, cleared, a, provisional));
  EXPECT_TRUE(IsBetter(b, cleared, a, advised));
  EXPECT_TRUE(IsBetter(a, cleared, b, cleared));
  EXPECT_FALSE(IsBetter(a, cleared, a, cleared));
}

}  // namespace
}  // namespace meso::screening
