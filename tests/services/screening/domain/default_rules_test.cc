// Every shipped rule: it fires, it does not, it is unknown without its answer, it keeps to its
// scope; and the days on either side of every date boundary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "services/screening/domain/content_codec.h"
#include "tests/services/screening/default_content.h"

namespace meso::screening {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Change = std::function<void(Scenario&)>;

constexpr Effect C = Effect::kContraindicated;
constexpr Effect A = Effect::kRequiresApproval;
constexpr Effect D = Effect::kDefer;
constexpr Effect V = Effect::kAdvise;

// What makes a rule apply (tags, area, method), and what takes it out of its scope.
void Everywhere(Scenario&) {}
Change Tag(const std::string& tag) {
  return [tag](Scenario& s) { s.input.cocktail.tags->insert(tag); };
}
Change Cream(const std::string& tag) {
  return [tag](Scenario& s) { s.input.treatment.numbing_cream_tags.insert(tag); };
}
Change Area(const std::string& area) {
  return [area](Scenario& s) { s.Area(area); };
}
Change Method(const std::string& method, const std::string& technique = "") {
  return [method, technique](Scenario& s) {
    s.input.treatment.delivery_method = method;
    s.input.treatment.technique = technique;
  };
}
Change Both(Change a, Change b) {
  return [a, b](Scenario& s) {
    a(s);
    b(s);
  };
}

struct RuleCase {
  std::string rule;
  std::string question;
  Change in_scope;
  Change out_of_scope;  // empty = the rule applies everywhere
  std::vector<Effect> effects;
  bool per_area = false;
  bool unsure_fires = false;
};

const std::vector<RuleCase>& YesNoRules() {
  static const auto* const kRules = new std::vector<RuleCase>{
      {"MS-02", "pregnant", Everywhere, {}, {C}, false, true},
      {"MS-03", "breastfeeding", Everywhere, {}, {C}},
      {"MS-04", "cancer_treatment", Everywhere, {}, {A}},
      {"MS-05", "bleeding_disorder", Everywhere, Method("HOME_CARE"), {C}},
      {"MS-06", "area_infection", Everywhere, {}, {D}, true},
      {"MS-07", "fever_or_antibiotics", Everywhere, {}, {D}},
      {"MS-09", "fish_allergy", Tag("salmon"), Everywhere, {C}},
      {"MS-10", "anaphylaxis_history", Everywhere, {}, {A}},
      {"MS-11", "blood_thinner", Everywhere, Method("DEVICE_ASSISTED", "ULTRASOUND"), {A, V}},
      {"MS-13", "keloid_history", Everywhere, Method("HOME_CARE"), {A}},
      {"MS-14", "cold_sore_history", Everywhere, Area("SCALP"), {V}},
      {"MS-14", "cold_sore_history", Area("UNDER_EYE"), Area("BODY_FAT"), {V}},
      {"MS-15", "chronic_illness", Everywhere, {}, {A}},
      {"MS-16", "skin_inflammation", Everywhere, {}, {D}, true},
      {"MS-17", "sunburn", Everywhere, {}, {D}, true},
      {"MS-22", "venom_allergy", Tag("hyaluronidase"), Everywhere, {A}},
      {"MS-23", "hyaluronidase_allergy", Tag("hyaluronidase"), Everywhere, {C}},
      {"MS-23", "area_tumour", Tag("hyaluronidase"), Everywhere, {C}, true},
      {"MS-24", "could_become_pregnant", Tag("teratogen"), Everywhere, {C}, false, true},
      {"MS-25", "heart_disease", Tag("minoxidil"), Everywhere, {C}},
      {"MS-26", "thyroid_disease", Tag("thyroxine"), Everywhere, {C}},
      {"MS-26", "thyroid_disease", Tag("iodine"), Everywhere, {A}},
      {"MS-27", "amide_anaesthetic_allergy", Tag("lidocaine"), Everywhere, {C}},
      {"MS-27", "amide_anaesthetic_allergy", Cream("prilocaine"), Cream("menthol"), {C}},
      {"MS-27", "ester_anaesthetic_allergy", Tag("procaine"), Everywhere, {C}},
      {"MS-27", "ester_anaesthetic_allergy", Cream("benzocaine"), Cream("lidocaine"), {C}},
      {"MS-28", "methaemoglobin_risk", Cream("prilocaine"), Tag("prilocaine"), {A}},
      {"MS-29", "soy_egg_allergy", Tag("soy"), Everywhere, {C}},
      {"MS-29", "soy_egg_allergy", Tag("egg"), Everywhere, {C}},
      {"MS-30",
       "swallowing_or_neck_surgery",
       Both(Tag("deoxycholate"), Area("SUBMENTAL")),
       Both(Tag("deoxycholate"), Area("BODY_FAT")),
       {A}},
      {"MS-31", "liver_kidney_disease", Tag("lipolytic"), Everywhere, {C}},
      {"MS-33",
       "implanted_electronics",
       Method("DEVICE_ASSISTED", "ELECTROPORATION"),
       Method("DEVICE_ASSISTED", "ULTRASOUND"),
       {C}},
      {"MS-34", "scarring_alopecia", Area("SCALP"), Area("FACE"), {V}}};
  return *kRules;
}

std::string About(const RuleCase& c) { return c.rule + " " + c.question; }

Scenario In(const Change& change) {
  Scenario scenario;
  change(scenario);
  return scenario;
}

void Answered(Scenario& scenario, const RuleCase& c, const std::string& choice) {
  scenario.Say(Choice(c.question, choice, c.per_area ? scenario.input.treatment.area : ""));
}

TEST(DefaultRulesTest, TheShippedContentPassesItsOwnChecks) {
  FieldErrors errors;
  CheckQuestionnaire(DefaultQuestionnaire(), "questionnaire", errors);
  CheckRuleSet(DefaultRuleSet(), DefaultQuestionnaire(), "rule_set", errors);
  EXPECT_EQ(errors.ToStatus(), absl::OkStatus());
}

TEST(DefaultRulesTest, HoldsExactlyTheRulesThatAnswersDecide) {
  std::set<std::string> ids;
  for (const Rule& rule : DefaultRuleSet().rules) ids.insert(rule.id);
  std::set<std::string> expected = {"MS-33", "MS-34", "MS-38"};
  for (int i = 1; i <= 31; ++i) expected.insert((i < 10 ? "MS-0" : "MS-") + std::to_string(i));
  EXPECT_EQ(ids, expected);
}

TEST(DefaultRulesTest, OnlyFourQuestionsAreAskedOnTheDayItself) {
  std::set<std::string> same_day;
  for (const Question& question : DefaultQuestionnaire().questions) {
    if (question.same_day) {
      same_day.insert(question.id);
    } else {
      EXPECT_EQ(question.ValidDays(), 30) << question.id;
    }
  }
  EXPECT_EQ(same_day, (std::set<std::string>{"pregnant", "breastfeeding", "area_infection",
                                             "fever_or_antibiotics"}));
}

TEST(DefaultRulesTest, APatientWithNothingAgainstTreatmentIsCleared) {
  const Clearance clearance = Scenario().Decide();
  EXPECT_EQ(clearance.state, ClearanceState::kCleared);
  EXPECT_THAT(clearance.findings, IsEmpty());
  EXPECT_THAT(clearance.missing, IsEmpty());
}

TEST(DefaultRulesTest, EveryRuleFiresOnYes) {
  for (const RuleCase& c : YesNoRules()) {
    Scenario scenario = In(c.in_scope);
    Answered(scenario, c, kYes);
    EXPECT_EQ(EffectsOf(scenario.Decide(), c.rule), c.effects) << About(c);
  }
}

TEST(DefaultRulesTest, NoRuleFiresOnNo) {
  for (const RuleCase& c : YesNoRules()) {
    Scenario scenario = In(c.in_scope);
    Answered(scenario, c, kNo);
    EXPECT_EQ(scenario.Decide().state, ClearanceState::kCleared) << About(c);
  }
}

TEST(DefaultRulesTest, EveryRuleIsUnknownWithoutItsAnswer) {
  for (const RuleCase& c : YesNoRules()) {
    Scenario scenario = In(c.in_scope);
    scenario.Forget(c.question);
    const Clearance clearance = scenario.Decide();
    EXPECT_TRUE(IsMissingFor(clearance, c.rule)) << About(c);
    const bool advice = c.effects == std::vector<Effect>{V};
    EXPECT_EQ(clearance.state, advice ? ClearanceState::kCleared : ClearanceState::kIncomplete)
        << About(c);
  }
}

TEST(DefaultRulesTest, UnsureFiresWhereTheRuleSaysSoAndIsUnknownElsewhere) {
  for (const RuleCase& c : YesNoRules()) {
    Scenario scenario = In(c.in_scope);
    Answered(scenario, c, kUnsure);
    const Clearance clearance = scenario.Decide();
    if (c.unsure_fires) {
      EXPECT_EQ(EffectsOf(clearance, c.rule), c.effects) << About(c);
    } else {
      ASSERT_TRUE(IsMissingFor(clearance, c.rule)) << About(c);
      EXPECT_EQ(clearance.missing[0].cause, GapCause::kUnsure) << About(c);
      EXPECT_THAT(EffectsOf(clearance, c.rule), IsEmpty()) << About(c);
    }
  }
}

TEST(DefaultRulesTest, OutOfScopeARuleNeitherFiresNorAsks) {
  for (const RuleCase& c : YesNoRules()) {
    if (!c.out_of_scope) continue;
    Scenario yes = In(c.out_of_scope);
    Answered(yes, c, kYes);
    EXPECT_THAT(EffectsOf(yes.Decide(), c.rule), IsEmpty()) << About(c);
    Scenario silent = In(c.out_of_scope);
    silent.Forget(c.question);
    EXPECT_FALSE(IsMissingFor(silent.Decide(), c.rule)) << About(c);
  }
}

TEST(DefaultRulesTest, AnAnswerForAnotherAreaSaysNothingAboutThisOne) {
  for (const RuleCase& c : YesNoRules()) {
    if (!c.per_area) continue;
    Scenario scenario = In(c.in_scope);
    scenario.Forget(c.question);
    scenario.Say(Choice(c.question, kYes, "SCALP"));
    const Clearance clearance = scenario.Decide();
    EXPECT_THAT(EffectsOf(clearance, c.rule), IsEmpty()) << About(c);
    EXPECT_EQ(clearance.state, ClearanceState::kIncomplete) << About(c);
  }
}

TEST(DefaultRulesTest, KnownAllergiesAreComparedWithEverythingUsed) {
  for (const auto& [rule, question] :
       {std::pair{"MS-08", "allergies"}, std::pair{"MS-38", "excipient_sensitivities"}}) {
    Scenario in_cocktail;
    in_cocktail.Say(TagsOf(question, {"nickel", "hyaluronic_acid"}));
    EXPECT_THAT(EffectsOf(in_cocktail.Decide(), rule), ElementsAre(C));
    Scenario in_cream = In(Cream("sulfite"));
    in_cream.Say(TagsOf(question, {"sulfite"}));
    EXPECT_THAT(EffectsOf(in_cream.Decide(), rule), ElementsAre(C));
    Scenario elsewhere;
    elsewhere.Say(TagsOf(question, {"nickel", "hyaluronic"}));
    EXPECT_EQ(elsewhere.Decide().state, ClearanceState::kCleared);
    Scenario silent;
    silent.Forget(question);
    EXPECT_TRUE(IsMissingFor(silent.Decide(), rule));
    EXPECT_EQ(silent.Decide().state, ClearanceState::kIncomplete);
  }
}

struct DateCase {
  std::string rule;
  std::string question;
  int days;  // of the answered day after the appointment; negative = before it
  std::vector<Effect> effects;
  bool per_area = false;
};

TEST(DefaultRulesTest, DateRulesKeepToTheirDays) {
  const std::vector<DateCase> cases = {
      {"MS-12", "isotretinoin_last_dose", -181, {}},
      {"MS-12", "isotretinoin_last_dose", -180, {A}},
      {"MS-12", "isotretinoin_last_dose", 0, {A}},
      {"MS-12", "isotretinoin_last_dose", 5, {A}},
      {"MS-17", "tanning_bed_date", -7, {}, true},
      {"MS-17", "tanning_bed_date", -6, {V}, true},
      {"MS-17", "tanning_bed_date", 0, {V}, true},
      {"MS-17", "tanning_bed_date", 1, {}, true},
      {"MS-18", "resurfacing_date", -14, {}, true},
      {"MS-18", "resurfacing_date", -13, {D}, true},
      {"MS-18", "resurfacing_date", 0, {D}, true},
      {"MS-18", "resurfacing_date", 1, {}, true},
      {"MS-19", "toxin_filler_date", -14, {}, true},
      {"MS-19", "toxin_filler_date", -13, {V}, true},
      {"MS-20", "vaccination_date", -15, {}},
      {"MS-20", "vaccination_date", -14, {V}},
      {"MS-20", "vaccination_date", 14, {V}},
      {"MS-20", "vaccination_date", 15, {}},
      {"MS-21", "dental_date", -14, {}},
      {"MS-21", "dental_date", -13, {V}},
      {"MS-21", "dental_date", 0, {V}},
  };
  for (const DateCase& c : cases) {
    Scenario scenario;
    scenario.Say(OnDay(c.question, scenario.Day() + c.days, c.per_area ? "FACE" : ""));
    EXPECT_EQ(EffectsOf(scenario.Decide(), c.rule), c.effects) << c.rule << " at " << c.days;
  }
}

TEST(DefaultRulesTest, WhatStillGoesOnFiresAndWhatNeverWasDoesNot) {
  for (const auto& [rule, question] :
       std::vector<std::pair<std::string, std::string>>{{"MS-12", "isotretinoin_last_dose"},
                                                        {"MS-20", "vaccination_date"},
                                                        {"MS-21", "dental_date"}}) {
    Scenario ongoing;
    ongoing.Say(Ongoing(question));
    EXPECT_EQ(EffectsOf(ongoing.Decide(), rule).size(), 1u) << rule;
    Scenario never;
    never.Say(Never(question));
    EXPECT_THAT(EffectsOf(never.Decide(), rule), IsEmpty()) << rule;
  }
}

TEST(DefaultRulesTest, DateRulesAreUnknownWithoutTheirAnswer) {
  for (const auto& [rule, question] :
       std::vector<std::pair<std::string, std::string>>{{"MS-01", "birth_date"},
                                                        {"MS-12", "isotretinoin_last_dose"},
                                                        {"MS-17", "tanning_bed_date"},
                                                        {"MS-18", "resurfacing_date"},
                                                        {"MS-19", "toxin_filler_date"},
                                                        {"MS-20", "vaccination_date"},
                                                        {"MS-21", "dental_date"}}) {
    Scenario scenario;
    scenario.Forget(question);
    EXPECT_TRUE(IsMissingFor(scenario.Decide(), rule)) << rule;
    const bool safety = rule == "MS-01" || rule == "MS-12" || rule == "MS-18";
    EXPECT_EQ(scenario.Decide().state,
              safety ? ClearanceState::kIncomplete : ClearanceState::kCleared)
        << rule;
  }
}

TEST(DefaultRulesTest, IsotretinoinAndDentalWorkMatterOnlyInTheirScope) {
  Scenario scenario = In(Method("HOME_CARE"));
  scenario.Say(Ongoing("isotretinoin_last_dose"));
  EXPECT_THAT(EffectsOf(scenario.Decide(), "MS-12"), IsEmpty());
  Scenario scalp = In(Area("SCALP"));
  scalp.Say(OnDay("dental_date", scalp.Day()));
  EXPECT_THAT(EffectsOf(scalp.Decide(), "MS-21"), IsEmpty());
}

TEST(DefaultRulesTest, AgeCountsOnTheDayOfTheAppointment) {
  struct AgeCase {
    absl::CivilDay born;
    std::string at;
    bool refused;
  };
  using Day = absl::CivilDay;
  const std::vector<AgeCase> cases = {
      {Day(2008, 11, 24), "2026-11-24 10:00", false}, {Day(2008, 11, 25), "2026-11-24 10:00", true},
      {Day(2008, 11, 25), "2026-11-25 00:00", false}, {Day(2008, 11, 25), "2026-11-24 23:59", true},
      {Day(2008, 2, 29), "2026-02-28 10:00", true},   {Day(2008, 2, 29), "2026-03-01 10:00", false},
      {Day(2027, 1, 1), "2026-11-24 10:00", true},
  };
  for (const AgeCase& c : cases) {
    Scenario scenario;
    scenario.input.at = LocalTime(c.at, scenario.input.zone);
    scenario.input.now = scenario.input.at;
    scenario.AnsweredAt(scenario.input.at);
    scenario.Say(OnDay("birth_date", c.born), scenario.input.at);
    EXPECT_EQ(EffectsOf(scenario.Decide(), "MS-01").size(), c.refused ? 1u : 0u)
        << DayText(c.born) << " at " << c.at;
  }
}

TEST(DefaultRulesTest, NobodyIsBornNever) {
  Scenario scenario;
  scenario.Say(Never("birth_date"));
  EXPECT_EQ(scenario.Decide().state, ClearanceState::kIncomplete);
}

TEST(DefaultRulesTest, EveryFindingNamesItsRuleAndWhereItComesFrom) {
  for (const RuleCase& c : YesNoRules()) {
    Scenario scenario = In(c.in_scope);
    Answered(scenario, c, kYes);
    for (const Finding& finding : scenario.Decide().findings) {
      EXPECT_FALSE(finding.title.empty() || finding.explanation.empty()) << About(c);
      EXPECT_FALSE(finding.citation.empty()) << About(c);
      EXPECT_EQ(finding.rule_hash.size(), 64u) << About(c);
      EXPECT_THAT(finding.questions, ElementsAre(c.question)) << About(c);
    }
  }
}

TEST(DefaultRulesTest, StoredContentReadsBackAsItWas) {
  const auto rules = DecodeRules(EncodeRules(DefaultRuleSet().rules));
  ASSERT_TRUE(rules.ok());
  ASSERT_EQ(rules->size(), DefaultRuleSet().rules.size());
  for (size_t i = 0; i < rules->size(); ++i) {
    EXPECT_EQ(RuleHash((*rules)[i]), RuleHash(DefaultRuleSet().rules[i]));
  }
  const auto questions = DecodeQuestions(EncodeQuestions(DefaultQuestionnaire().questions));
  ASSERT_TRUE(questions.ok());
  EXPECT_EQ(EncodeQuestions(*questions), EncodeQuestions(DefaultQuestionnaire().questions));
  EXPECT_FALSE(DecodeRules("not rules").ok());
  EXPECT_FALSE(DecodeRules(EncodeRules(DefaultRuleSet().rules) + "x").ok());
}

}  // namespace
}  // namespace meso::screening
