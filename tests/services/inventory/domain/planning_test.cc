#include "services/inventory/domain/planning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;

UseHistory HistoryOf(const std::vector<int64_t>& days) {
  UseHistory history;
  for (const int64_t used : days) {
    history.sum += used;
    history.sum_of_squares += used * used;
  }
  return history;
}

// Fourteen days of 2 and fourteen of 4: 3 a day, sample variance 28 / 27 = 1.037037.
UseHistory TwosAndFours() {
  std::vector<int64_t> days(14, 2);
  days.insert(days.end(), 14, 4);
  return HistoryOf(days);
}

ParLevel Par(int64_t lead_time_days, int64_t service_level_permille) {
  ParLevel par;
  par.lead_time_days = lead_time_days;
  par.service_level_permille = service_level_permille;
  return par;
}

TEST(PlanningTest, AverageAndCoverAreRoundedOnce) {
  EXPECT_EQ(DailyUseMilliampoules({84, 280}), 3000);
  EXPECT_EQ(DailyUseMilliampoules({1, 1}), 36);  // 35.714
  EXPECT_EQ(DailyUseMilliampoules({14, 14}), 500);
  EXPECT_EQ(DailyUseMilliampoules({0, 0}), 0);
  EXPECT_EQ(DaysOfCoverTenths(10, {84, 280}), 33);  // 3.333 days
  EXPECT_EQ(DaysOfCoverTenths(0, {84, 280}), 0);
  EXPECT_EQ(DaysOfCoverTenths(10, {0, 0}), -1);
}

TEST(PlanningTest, SafetyStockIsZTimesSigmaTimesTheRootOfTheLeadTimeRoundedUp) {
  // sigma 1.018350
  EXPECT_EQ(SafetyStock(TwosAndFours(), Par(7, 900)), 4);   // 3.4530
  EXPECT_EQ(SafetyStock(TwosAndFours(), Par(7, 950)), 5);   // 4.4318
  EXPECT_EQ(SafetyStock(TwosAndFours(), Par(7, 975)), 6);   // 5.2808
  EXPECT_EQ(SafetyStock(TwosAndFours(), Par(7, 990)), 7);   // 6.2678
  EXPECT_EQ(SafetyStock(TwosAndFours(), Par(7, 995)), 7);   // 6.9400
  EXPECT_EQ(SafetyStock(TwosAndFours(), Par(28, 950)), 9);  // 8.8637
  EXPECT_EQ(SafetyStock(HistoryOf(std::vector<int64_t>(28, 3)), Par(7, 995)), 0) << "no spread";
  EXPECT_EQ(SafetyStock({0, 0}, Par(365, 995)), 0);
}

TEST(PlanningTest, AnExactSafetyStockIsNotRoundedUpAgain) {
  // Four days of 10 and two of 15: variance 25, sigma 5; 1.96 x 5 x 5 = 49.
  EXPECT_EQ(SafetyStock(HistoryOf({10, 10, 10, 10, 15, 15}), Par(25, 975)), 49);
  EXPECT_EQ(SafetyStock(HistoryOf({10, 10, 10, 10, 15, 15}), Par(26, 975)), 50);  // 49.97
}

TEST(PlanningTest, TheLargestNumbersDoNotOverflow) {
  std::vector<int64_t> days(28, 0);
  days[0] = 1000000;
  // sigma = 1000000 / sqrt(28) = 188982.237; 2.5758 x 188982.237 x 19.104973 = 9299929.9...
  const int64_t safety = SafetyStock(HistoryOf(days), Par(365, 995));
  EXPECT_GT(safety, 9299000);
  EXPECT_LT(safety, 9301000);
}

TEST(PlanningTest, AParLevelTakesTheUsualValuesAndNamesEveryBrokenField) {
  ParLevel usual;
  usual.lead_time_days = 0;
  usual.service_level_permille = 0;
  FieldErrors none;
  CompleteParLevel(usual, none);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(usual.lead_time_days, 7);
  EXPECT_EQ(usual.service_level_permille, 950);
  ParLevel broken;
  broken.par = 1000001;
  broken.reorder_point = -1;
  broken.lead_time_days = 366;
  broken.service_level_permille = 951;
  FieldErrors errors;
  CompleteParLevel(broken, errors);
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(errors.ToStatus()).violations) {
    fields.push_back(violation.subject);
  }
  EXPECT_THAT(fields, ElementsAre("par_level.par_ampoules", "par_level.reorder_point_ampoules",
                                  "par_level.lead_time_days", "par_level.service_level_permille"));
}

TEST(PlanningTest, WhatTreatmentsTakeIsUseAndWhatSpoilsOnAShelfIsNot) {
  struct Case {
    MovementKind kind;
    Account from, to;
    int64_t used;
  };
  const Account by_kind = Account::kByKind;
  const Case cases[] = {
      {MovementKind::kAdminister, by_kind, by_kind, 3},
      {MovementKind::kDispense, by_kind, by_kind, 3},
      {MovementKind::kWaste, by_kind, by_kind, 3},  // drawn and thrown away
      {MovementKind::kWaste, Account::kStock, Account::kWasted, 0},
      {MovementKind::kClose, by_kind, by_kind, 3},
      {MovementKind::kClose, Account::kOpened, Account::kWasted, 3},
      {MovementKind::kDraw, by_kind, by_kind, 0},
      {MovementKind::kReturnDrawn, by_kind, by_kind, 0},
      {MovementKind::kReceipt, by_kind, by_kind, 0},
      {MovementKind::kAdjust, Account::kStock, Account::kAdjustment, 0},
      {MovementKind::kDispose, by_kind, by_kind, 0},
      {MovementKind::kShip, by_kind, by_kind, 0},
      {MovementKind::kOpen, by_kind, by_kind, 0},
  };
  for (const Case& c : cases) {
    Movement movement;
    movement.kind = c.kind;
    movement.from = c.from;
    movement.to = c.to;
    movement.ampoules = 3;
    EXPECT_EQ(UsedUnits(movement), c.used) << ToText(c.kind);
    movement.reversed_kind = c.kind;
    movement.kind = MovementKind::kReverse;
    EXPECT_EQ(UsedUnits(movement), -c.used) << ToText(c.kind) << " taken back";
  }
}

AgeingShelf Shelf(int64_t row, int64_t days_left, int64_t on_hand, int64_t reserved,
                  std::vector<std::string> reasons = {}) {
  AgeingShelf ageing;
  ageing.shelf.lot.row = row;
  ageing.shelf.lot.name = LotName(absl::StrCat("lots/", row));
  ageing.shelf.lot.expiry = absl::CivilDay(2026, 11, 20) + days_left - 1;
  ageing.shelf.balance = {SiteName("sites/par-1"), kMainUnit, on_hand, reserved, 0};
  ageing.shelf.reasons = std::move(reasons);
  ageing.days_left = days_left;
  return ageing;
}

std::vector<std::pair<int64_t, int64_t>> UseAndWaste(const std::vector<AgeingShelf>& shelves,
                                                     const UseHistory& history) {
  std::vector<std::pair<int64_t, int64_t>> all;
  for (const Projection& projection : ProjectUse(shelves, history)) {
    all.emplace_back(projection.use, projection.waste);
  }
  return all;
}

TEST(PlanningTest, TheEarlierLotIsUsedFirstAndReservationsAreAPartOfTheUse) {
  const UseHistory one_a_day{28, 28};
  // Ten days: 10 units, of which 3 are reserved. Forty days: 40 units, less those 10.
  const std::vector<AgeingShelf> shelves = {Shelf(2, 40, 50, 5), Shelf(1, 10, 20, 3)};
  EXPECT_THAT(UseAndWaste(shelves, one_a_day), ElementsAre(std::pair(30, 20), std::pair(10, 10)));
  EXPECT_EQ(LastingUnits(shelves, one_a_day), 32);
}

TEST(PlanningTest, MoreReservedThanTheUsualUseIsUsedAllTheSame) {
  EXPECT_THAT(UseAndWaste({Shelf(1, 2, 20, 8)}, {28, 28}), ElementsAre(std::pair(8, 12)));
  EXPECT_THAT(UseAndWaste({Shelf(1, 100, 20, 8)}, {28, 28}), ElementsAre(std::pair(20, 0)));
  EXPECT_THAT(UseAndWaste({Shelf(1, 1, 20, 0)}, {28, 28}), ElementsAre(std::pair(1, 19)))
      << "today is a day";
  EXPECT_THAT(UseAndWaste({Shelf(1, 1, 20, 0)}, {27, 27}), ElementsAre(std::pair(0, 20)))
      << "less than one a day rounds down";
}

TEST(PlanningTest, WhatMayNotBeUsedIsWasteAndLeavesTheUseToOthers) {
  const std::vector<AgeingShelf> shelves = {
      Shelf(1, -2, 7, 0, {kLotExpired}), Shelf(2, 5, 9, 2, {kLotQuarantined}), Shelf(3, 30, 9, 0)};
  EXPECT_THAT(UseAndWaste(shelves, {28, 28}),
              ElementsAre(std::pair(0, 7), std::pair(0, 9), std::pair(9, 0)));
}

TEST(PlanningTest, OfAnUnusedProductEverythingLasts) {
  const std::vector<AgeingShelf> shelves = {Shelf(1, 10, 20, 3), Shelf(2, 5, 9, 2, {kLotRecalled})};
  EXPECT_EQ(LastingUnits(shelves, {0, 0}), 17);
  EXPECT_THAT(UseAndWaste(shelves, {0, 0}), ElementsAre(std::pair(3, 17), std::pair(0, 9)));
}

ReorderQuestion Question(int64_t available, int64_t inbound, int64_t committed, int64_t par) {
  ReorderQuestion question;
  question.available = available;
  question.inbound = inbound;
  question.committed = committed;
  question.history = TwosAndFours();
  question.par_level.par = par;
  question.units_per_pack = 10;
  return question;
}

TEST(PlanningTest, AnOrderFillsUpToTheParInWholePacks) {
  // Reorder point: 3 x 7 + 5 = 26.
  const ReorderSuggestion due = DecideReorder(Question(20, 5, 8, 40));
  EXPECT_EQ(due.safety_stock, 5);
  EXPECT_EQ(due.reorder_point, 26);
  EXPECT_EQ(due.daily_use_milliampoules, 3000);
  EXPECT_EQ(due.days_of_cover_tenths, 66);
  EXPECT_TRUE(due.due);
  EXPECT_EQ(due.suggested_packs, 3);  // 40 + 8 - 25 = 23
  EXPECT_EQ(due.suggested_ampoules, 30);
}

TEST(PlanningTest, ItIsTimeToOrderAtThePointAndNotAboveIt) {
  EXPECT_TRUE(DecideReorder(Question(26, 0, 0, 40)).due);
  EXPECT_FALSE(DecideReorder(Question(27, 0, 0, 40)).due);
  EXPECT_FALSE(DecideReorder(Question(0, 27, 0, 40)).due) << "it is under way";
  EXPECT_EQ(DecideReorder(Question(27, 0, 0, 40)).suggested_ampoules, 0);
  EXPECT_TRUE(DecideReorder(Question(27, 0, 28, 40)).due) << "booked sessions are short";
  EXPECT_EQ(DecideReorder(Question(27, 0, 28, 40)).suggested_packs, 5);  // 40 + 28 - 27 = 41
  EXPECT_EQ(DecideReorder(Question(25, 0, 0, 0)).suggested_packs, 1) << "up to the point";
}

TEST(PlanningTest, AReorderPointOfItsOwnGoesBeforeTheComputedOne) {
  ReorderQuestion question = Question(12, 0, 0, 40);
  question.par_level.reorder_point = 12;
  EXPECT_TRUE(DecideReorder(question).due);
  question.available = 13;
  EXPECT_FALSE(DecideReorder(question).due);
}

TEST(PlanningTest, WhatIsNeitherUsedNorWantedIsNeverDue) {
  ReorderQuestion question;
  EXPECT_FALSE(DecideReorder(question).due);
  question.par_level.par = 4;
  EXPECT_TRUE(DecideReorder(question).due) << "none of what should be there is";
  EXPECT_EQ(DecideReorder(question).suggested_ampoules, 4);
}

}  // namespace
}  // namespace meso::inventory
