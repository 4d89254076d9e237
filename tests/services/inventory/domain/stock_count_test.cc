// What is decided about counts: tolerances, second counts, and when a count may be posted by whom.
#include "services/inventory/domain/stock_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;

Counted Found(int64_t ampoules, int64_t book, const std::string& reason = "") {
  return {ampoules, book, "users/c", absl::UnixEpoch(), reason};
}

CountLine Line(const std::string& lot, std::vector<Counted> counts) {
  CountLine line;
  line.lot = LotName(lot);
  line.unit = "main";
  for (const Counted& counted : counts) EnterCount(counted, line);
  return line;
}

TEST(StockCountTest, StatesReadBackAsTheyAreWritten) {
  for (int i = 1; i <= 3; ++i) {
    const auto state = static_cast<StockCountState>(i);
    EXPECT_EQ(StockCountStateOf(ToText(state)), state);
  }
  EXPECT_EQ(StockCountStateOf("DRAFT"), StockCountState::kUnspecified);
}

TEST(StockCountTest, RefrigeratedProductsAndThoseOfClassAAreCountedExactly) {
  struct Case {
    int64_t min, max;
    AbcClass abc_class;
    bool exact;
  };
  const Case cases[] = {{20, 80, AbcClass::kC, true},    {20, 81, AbcClass::kC, false},
                        {150, 250, AbcClass::kB, false}, {150, 250, AbcClass::kA, true},
                        {0, 0, AbcClass::kC, false},     {-250, -150, AbcClass::kC, true},
                        {0, 0, AbcClass::kA, true}};
  for (const Case& c : cases) {
    Product product;
    product.temperature_min_decidegrees = c.min;
    product.temperature_max_decidegrees = c.max;
    EXPECT_EQ(IsCountedExactly(product, c.abc_class), c.exact) << c.min << " " << c.max;
  }
}

TEST(StockCountTest, OverTheToleranceAFirstCountAsksForASecondWhichSettlesIt) {
  struct Case {
    int64_t counted, book;
    bool exact, recount;
  };
  const Case cases[] = {{100, 100, false, false}, {98, 100, false, false}, {97, 100, false, true},
                        {102, 100, false, false}, {103, 100, false, true}, {49, 50, false, false},
                        {48, 49, false, true},    {1, 0, false, true},     {0, 0, false, false},
                        {99, 100, true, true},    {100, 100, true, false}};
  for (const Case& c : cases) {
    CountLine line;
    line.exact = c.exact;
    EXPECT_FALSE(line.IsSettled());
    EnterCount(Found(c.counted, c.book), line);
    EXPECT_EQ(line.recount, c.recount) << c.counted << " of " << c.book;
    EXPECT_EQ(line.IsSettled(), !c.recount);
    EnterCount(Found(c.counted, c.book), line);
    EXPECT_TRUE(line.IsSettled()) << "the second count stands";
    EXPECT_EQ(line.counts, 2);
  }
}

TEST(StockCountTest, ACountOverTheToleranceIsNeverSettledByItselfAlone) {
  const auto recounts = [](const std::vector<Counted>& counts) {
    CountLine line;
    std::vector<bool> asked;
    for (const Counted& counted : counts) {
      EnterCount(counted, line);
      asked.push_back(line.recount);
    }
    return asked;
  };
  EXPECT_THAT(recounts({Found(10, 10), Found(1, 10, "lost"), Found(1, 10)}),
              ElementsAre(false, true, false))
      << "the second is off, not the first";
  EXPECT_THAT(recounts({Found(8, 10), Found(10, 10), Found(8, 10), Found(9, 10)}),
              ElementsAre(true, false, true, false));
  EXPECT_THAT(recounts({Found(8, 10), Found(8, 10), Found(6, 8, "used meanwhile")}),
              ElementsAre(true, false, false))
      << "the same difference again";
  EXPECT_THAT(recounts({Found(8, 10), Found(8, 10), Found(8, 8), Found(6, 8)}),
              ElementsAre(true, false, false, true));
}

TEST(StockCountTest, WhatTheCountHasSeenAlreadyIsToldTwice) {
  CountLine line;
  line.count_time = absl::UnixEpoch() + absl::Hours(12);
  line.after_movement = 7;
  struct Case {
    const char* what;
    MovementKind kind;
    Account from, to;
    bool twice;
    int hour = 15;
    int64_t reverses = 0;
    const char* subject = "";
    int64_t index = 8;
  };
  const Account stock = Account::kStock, found = Account::kAdjustment;
  const Case cases[] = {
      {"a draw", MovementKind::kDraw, stock, Account::kDrawn, false},
      {"an adjustment", MovementKind::kAdjust, stock, found, true},
      {"found", MovementKind::kAdjust, found, stock, true},
      {"known to the count", MovementKind::kAdjust, stock, found, false, 15, 0, "", 7},
      {"another count", MovementKind::kAdjust, stock, found, true, 15, 0, "sites/s/stockCounts/c"},
      {"unsent units", MovementKind::kAdjust, found, stock, false, 15, 0, "transfers/t"},
      {"given before, told later", MovementKind::kDraw, stock, Account::kDrawn, true, 9},
      {"waste before", MovementKind::kWaste, stock, Account::kWasted, true, 9},
      {"never on the shelf", MovementKind::kAdminister, Account::kDrawn, Account::kAdministered,
       false, 9},
      {"an earlier line taken back", MovementKind::kReverse, Account::kDrawn, stock, true, 15, 7},
      {"a later one", MovementKind::kReverse, Account::kDrawn, stock, false, 15, 8, "", 9}};
  for (const Case& c : cases) {
    Movement movement;
    movement.index = c.index;
    movement.kind = c.kind;
    movement.from = c.from;
    movement.to = c.to;
    movement.record_time = absl::UnixEpoch() + absl::Hours(15);
    movement.occurred_time = absl::UnixEpoch() + absl::Hours(c.hour);
    movement.reverses = c.reverses;
    movement.subject = c.subject;
    EXPECT_EQ(IsToldTwice(line, movement), c.twice) << c.what;
  }
}

// Whoever counts books what explains the difference only then, and seldom says since when it was
// so.
TEST(StockCountTest, WhatExplainsTheDifferenceIsToldTwiceWhateverItsTime) {
  struct Case {
    const char* what;
    MovementKind kind;
    Account from, to;
    bool of_shortage, of_surplus;
    const char* subject = "";
  };
  const Account stock = Account::kStock, transit = Account::kInTransit;
  const Case cases[] = {
      {"waste", MovementKind::kWaste, stock, Account::kWasted, true, false},
      {"handed out", MovementKind::kDispense, stock, Account::kDispensed, true, false},
      {"sent back", MovementKind::kReturnToSupplier, stock, Account::kReturned, true, false},
      {"destroyed", MovementKind::kDispose, stock, Account::kDisposed, true, false},
      {"shipped", MovementKind::kShip, stock, transit, true, false},
      {"a receipt", MovementKind::kReceipt, Account::kSupplier, stock, false, true},
      {"arrived", MovementKind::kReceiveTransfer, Account::kTransfer, stock, false, true},
      {"never left", MovementKind::kReceiveTransfer, transit, stock, false, true},
      {"unsent units", MovementKind::kAdjust, Account::kAdjustment, stock, false, true,
       "transfers/t"},
      {"put back", MovementKind::kReturnDrawn, Account::kDrawn, stock, false, true},
      // Sessions go on: they take what they use as they use it.
      {"a draw", MovementKind::kDraw, stock, Account::kDrawn, false, false},
      {"an opening", MovementKind::kOpen, stock, Account::kOpened, false, false}};
  CountLine shortage, surplus;
  for (CountLine* line : {&shortage, &surplus}) {
    line->count_time = absl::UnixEpoch() + absl::Hours(12);
    line->after_movement = 7;
    line->book = 10;
  }
  shortage.counted = 9;
  surplus.counted = 20;
  for (const Case& c : cases) {
    Movement movement;
    movement.index = 8;
    movement.kind = c.kind;
    movement.from = c.from;
    movement.to = c.to;
    movement.record_time = absl::UnixEpoch() + absl::Hours(15);
    movement.subject = c.subject;
    EXPECT_EQ(IsToldTwice(shortage, movement), c.of_shortage) << c.what;
    EXPECT_EQ(IsToldTwice(surplus, movement), c.of_surplus) << c.what;
    movement.index = 7;
    EXPECT_FALSE(IsToldTwice(shortage, movement)) << "known to the count: " << c.what;
    EXPECT_FALSE(IsToldTwice(surplus, movement)) << "known to the count: " << c.what;
  }
}

TEST(StockCountTest, TheLastCountAndItsBooksCountAndAnExplanationStays) {
  CountLine line;
  EnterCount(Found(4, 9, "five broken"), line);
  EnterCount(Found(3, 8), line);
  EXPECT_EQ(line.Variance(), -5);
  EXPECT_EQ(line.reason, "five broken");
  EnterCount(Found(7, 8, "one broken"), line);
  EXPECT_EQ(line.Variance(), -1);
  EXPECT_EQ(line.reason, "one broken");
}

TEST(StockCountTest, EveryOpenLineIsListedBeforeAnythingIsPosted) {
  StockCount count;
  count.name = StockCountName("sites/s/stockCounts/c");
  count.lines = {Line("lots/open", {}), Line("lots/again", {Found(1, 9, "lost")}),
                 Line("lots/silent", {Found(99, 100)}), Line("lots/done", {Found(5, 5)}),
                 Line("lots/explained", {Found(99, 100, "broken")})};
  const absl::Status refused = CheckPostable(count, {"users/c"}, "users/p");
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "COUNT_IN_PROGRESS");
  std::vector<std::string> lots;
  for (const Violation& violation : DetailsOf(refused).violations) {
    EXPECT_EQ(violation.reason, "COUNT_IN_PROGRESS");
    lots.push_back(violation.subject);
  }
  EXPECT_THAT(lots, ElementsAre("lots/open", "lots/again", "lots/silent"));
}

TEST(StockCountTest, ADifferenceNeedsASecondPerson) {
  StockCount count;
  count.lines = {Line("lots/a", {Found(5, 5)})};
  EXPECT_TRUE(CheckPostable(count, {"users/c"}, "users/c").ok()) << "there is nothing to hide";
  count.lines.push_back(Line("lots/b", {Found(99, 100, "broken")}));
  EXPECT_EQ(ReasonOf(CheckPostable(count, {"users/b", "users/c"}, "users/b")), "SELF_APPROVAL");
  EXPECT_TRUE(CheckPostable(count, {"users/b", "users/c"}, "users/p").ok());
}

}  // namespace
}  // namespace meso::inventory
