// CheckClearance and RankCocktails: what they do when something they need is not here yet, is
// corrected while they look, or cannot be asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/services/screening/operations_fixture.h"

namespace meso::screening {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Code = absl::StatusCode;
using State = ClearanceState;

class ClearanceOperationsTest : public OperationsFixture {
 protected:
  absl::Status PublishCocktail(const std::string& name) {
    return Apply([&](Transaction& tx) {
      return operations_.ApplyCocktailPublished(tx, CocktailRevisionName(name));
    });
  }

  absl::StatusOr<std::vector<ClearanceAnswer>> Rank() {
    return operations_.RankCocktails(CallBy(kNurse), Question());
  }
};

TEST_F(ClearanceOperationsTest, WithoutARuleSetNothingIsCleared) {
  ExpectRefusal(Check(), Code::kFailedPrecondition, "RULE_SET_NOT_PUBLISHED");
}

TEST_F(ClearanceOperationsTest, AClearanceSaysWhatItRestsOn) {
  Publish();
  const AssessmentName assessment = Assess(HarmlessAnswers("FACE"));
  const auto consent =
      Consented(ConsentTo("cocktails/C-01/revisions/r1"), "11111111-1111-4111-8111-111111111111");
  ASSERT_TRUE(consent.ok());
  const auto answer = Check();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->clearance.state, State::kCleared);
  EXPECT_THAT(answer->clearance.assessments, ElementsAre(assessment.value()));
  EXPECT_EQ(answer->consent, consent->name);
  EXPECT_EQ(answer->rule_set.value(), "ruleSets/meso-default/revisions/r1");
  EXPECT_THAT(answer->rule_set_hash, SizeIs(64));
  EXPECT_EQ(answer->site.revision, 3);
  EXPECT_EQ(answer->treatment.revision, 2);
  EXPECT_EQ(answer->at, database_.clock().Now());
  EXPECT_EQ(answer->as_of.source, "screening");
  EXPECT_EQ(answer->as_of.sequence, Events().back().sequence);
  EXPECT_THAT(answer->unreachable, IsEmpty());
}

TEST_F(ClearanceOperationsTest, AnswersOfSeveralAssessmentsAreTakenTogetherNewestFirst) {
  Publish();
  std::vector<Answer> answers = HarmlessAnswers("FACE");
  const std::vector<Answer> first(answers.begin(), answers.begin() + 10);
  const std::vector<Answer> second(answers.begin() + 10, answers.end());
  Assess(first);
  EXPECT_EQ(Check()->clearance.state, State::kIncomplete);
  Assess(second);
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
  Assess({Choice("fever_or_antibiotics", kYes)});
  EXPECT_EQ(Check()->clearance.state, State::kDeferred);
  Assess({Choice("fever_or_antibiotics", kNo)});
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
}

TEST_F(ClearanceOperationsTest, AnotherPatientsAnswersAreNotUsed) {
  Publish();
  Assess(HarmlessAnswers("FACE"), "patients/PT-0002");
  const auto answer = Check();
  EXPECT_EQ(answer->clearance.state, State::kIncomplete);
  EXPECT_THAT(answer->clearance.assessments, IsEmpty());
}

TEST_F(ClearanceOperationsTest, TagsAreAskedForOnce) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
  EXPECT_EQ(peers_.cocktails_asked, 1);
  // Kept across a restart, also with inventory gone.
  peers_.down = true;
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
}

TEST_F(ClearanceOperationsTest, UnreachableInventoryIsIncompleteNeverCleared) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  peers_.down = true;
  const auto answer = Check();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->clearance.state, State::kIncomplete);
  EXPECT_THAT(answer->unreachable, ElementsAre("inventory"));
  EXPECT_THAT(answer->clearance.missing_inputs, IsEmpty());
  peers_.down = false;
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
}

TEST_F(ClearanceOperationsTest, AnUndeclaredCompositionIsIncompleteUntilItIsDeclared) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  peers_.undeclared = {"cocktails/C-01/revisions/r1"};
  const auto answer = Check();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->clearance.state, State::kIncomplete);
  EXPECT_THAT(answer->clearance.missing_inputs, ElementsAre("cocktail"));
  EXPECT_THAT(answer->unreachable, IsEmpty()) << "inventory did answer";
  EXPECT_EQ(peers_.cocktails_asked, 1);
  peers_.undeclared.clear();
  EXPECT_EQ(Check()->clearance.state, State::kCleared) << "nothing was kept of the undeclared one";
}

TEST_F(ClearanceOperationsTest, ACorrectedCompositionIsFetchedAnew) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  Assess({Choice("soy_egg_allergy", kYes)});
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
  peers_.cocktails["cocktails/C-01/revisions/r1"].first.insert("soy");
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
  ASSERT_TRUE(Apply([&](Transaction& tx) {
                return operations_.ApplyCompositionChanged(
                    tx, {CocktailRevisionName("cocktails/C-01/revisions/r1")});
              }).ok());
  EXPECT_EQ(Check()->clearance.state, State::kContraindicated);
}

TEST_F(ClearanceOperationsTest, TagsFetchedBeforeACorrectionAreNotKeptAfterIt) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  Assess({Choice("soy_egg_allergy", kYes)});
  // The correction arrives while the old answer is on its way.
  peers_.before_answer = [&] {
    peers_.before_answer = nullptr;
    peers_.cocktails["cocktails/C-01/revisions/r1"].first.insert("soy");
    ASSERT_TRUE(Apply([&](Transaction& tx) {
                  return operations_.ApplyCompositionChanged(
                      tx, {CocktailRevisionName("cocktails/C-01/revisions/r1")});
                }).ok());
  };
  EXPECT_EQ(Check()->clearance.state, State::kContraindicated);
  EXPECT_EQ(peers_.cocktails_asked, 2);
}

TEST_F(ClearanceOperationsTest, UnknownAndDraftCocktailsAreRefused) {
  Publish();
  ClearanceRequest request = Question();
  request.cocktail = CocktailRevisionName("cocktails/none/revisions/r1");
  ExpectRefusal(operations_.CheckClearance(CallBy(kNurse), request), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  peers_.cocktails["cocktails/C-07/revisions/r1"] = {{}, false};
  request.cocktail = CocktailRevisionName("cocktails/C-07/revisions/r1");
  ExpectRefusal(operations_.CheckClearance(CallBy(kNurse), request), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
}

TEST_F(ClearanceOperationsTest, AMissingSiteIsLookedForInSchedulingsEventsOnce) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  ClearanceRequest request = Question();
  request.site = SiteName("sites/syd-1");
  ExpectRefusal(operations_.CheckClearance(CallBy(kAuthor), request), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  EXPECT_EQ(peers_.caught_up["scheduling"], 1);
  peers_.down = true;
  ExpectRefusal(operations_.CheckClearance(CallBy(kAuthor), request), Code::kUnavailable,
                "DEPENDENCY_DOWN");
  peers_.down = false;
  peers_.on_catch_up = [&](absl::string_view source) {
    ASSERT_EQ(source, "scheduling");
    ASSERT_TRUE(
        Apply([&](Transaction& tx) {
          return operations_.ApplySite(tx, {SiteName("sites/syd-1"), "Australia/Sydney", "AU", 1});
        }).ok());
  };
  const auto answer = operations_.CheckClearance(CallBy(kAuthor), request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->site.time_zone, "Australia/Sydney");
}

TEST_F(ClearanceOperationsTest, AnOlderEventNeverReplacesANewerProjection) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  ASSERT_TRUE(Apply([&](Transaction& tx) {
                return operations_.ApplySite(tx, {SiteName("sites/par-1"), "Asia/Dubai", "AE", 2});
              }).ok());
  EXPECT_EQ(Check()->site.time_zone, "Europe/Paris");
  ASSERT_TRUE(Apply([&](Transaction& tx) {
                return operations_.ApplySite(tx, {SiteName("sites/par-1"), "Asia/Dubai", "AE", 4});
              }).ok());
  EXPECT_EQ(Check()->site.time_zone, "Asia/Dubai");
}

TEST_F(ClearanceOperationsTest, ATimeInThePastIsRefused) {
  Publish();
  ClearanceRequest request = Question();
  request.at = database_.clock().Now() - absl::Hours(2);
  ExpectRefusal(operations_.CheckClearance(CallBy(kNurse), request), Code::kInvalidArgument,
                "FIELD_INVALID");
  ExpectRefusal(operations_.RankCocktails(CallBy(kNurse), request), Code::kInvalidArgument,
                "FIELD_INVALID");
}

TEST_F(ClearanceOperationsTest, ANewRuleSetCountsAtOnce) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  EXPECT_EQ(Check()->clearance.state, State::kCleared);
  RuleSet stricter = DefaultRuleSet();
  stricter.rules[0].outcomes[0].condition.years = 60;
  ASSERT_TRUE(Write(kAuthor, &ScreeningOperations::CreateRuleSet, stricter).ok());
  ASSERT_TRUE(Write(kPublisher, &ScreeningOperations::PublishRuleSet,
                    PublishRequest{"ruleSets/meso-default/revisions/r2", ""})
                  .ok());
  const auto answer = Check();
  EXPECT_EQ(answer->clearance.state, State::kContraindicated);
  EXPECT_EQ(answer->rule_set.value(), "ruleSets/meso-default/revisions/r2");
}

TEST_F(ClearanceOperationsTest, RanksTheNewestRevisionOfEveryPublishedCocktail) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  Assess({Choice("fish_allergy", kYes)});
  for (const char* name : {"cocktails/C-01/revisions/r1", "cocktails/C-03/revisions/r1",
                           "cocktails/C-05/revisions/r1", "cocktails/C-05/revisions/r2"}) {
    ASSERT_TRUE(PublishCocktail(name).ok());
  }
  peers_.cocktails["cocktails/C-05/revisions/r2"] = {{"ginkgo"}, true};
  const auto ranked = Rank();
  ASSERT_TRUE(ranked.ok()) << ranked.status();
  std::vector<std::pair<std::string, State>> seen;
  for (const ClearanceAnswer& answer : *ranked) {
    seen.emplace_back(answer.cocktail.name.value(), answer.clearance.state);
  }
  EXPECT_THAT(seen, ElementsAre(std::pair("cocktails/C-01/revisions/r1", State::kCleared),
                                std::pair("cocktails/C-05/revisions/r2", State::kCleared),
                                std::pair("cocktails/C-03/revisions/r1", State::kContraindicated)));
  EXPECT_EQ(ranked->back().clearance.findings[0].rule, "MS-09");
  EXPECT_EQ(ranked->front().cocktail.title, "title of cocktails/C-01/revisions/r1");
}

TEST_F(ClearanceOperationsTest, RankingWithoutInventoryClearsOnlyWhatIsKnown) {
  Publish();
  Assess(HarmlessAnswers("FACE"));
  ASSERT_TRUE(PublishCocktail("cocktails/C-01/revisions/r1").ok());
  ASSERT_TRUE(PublishCocktail("cocktails/C-03/revisions/r1").ok());
  ASSERT_TRUE(Check().ok());  // C-01's tags are kept
  peers_.down = true;
  const auto ranked = Rank();
  ASSERT_TRUE(ranked.ok()) << ranked.status();
  ASSERT_THAT(*ranked, SizeIs(2));
  EXPECT_EQ((*ranked)[0].clearance.state, State::kCleared);
  EXPECT_EQ((*ranked)[1].clearance.state, State::kIncomplete);
  EXPECT_THAT((*ranked)[1].unreachable, ElementsAre("inventory"));
}

}  // namespace
}  // namespace meso::screening
