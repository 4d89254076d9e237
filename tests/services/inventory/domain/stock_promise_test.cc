#include "services/inventory/domain/stock_promise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const SiteName kSite("sites/par-1");

Lot LotOf(int64_t row, const char* expiry) {
  Lot lot;
  lot.row = row;
  lot.name = LotName(absl::StrCat("lots/", row));
  lot.lot_number = absl::StrCat("L", row);
  lot.product = ProductName("products/A");
  lot.state = LotState::kReleased;
  lot.expiry = *ParseDate(expiry);
  lot.receive_time = absl::UnixEpoch() + absl::Seconds(row);
  return lot;
}

Candidate Shelf(int64_t row, const char* expiry, int64_t on_hand, int64_t reserved = 0) {
  Candidate shelf;
  shelf.lot = LotOf(row, expiry);
  shelf.balance = {kSite, kMainUnit, on_hand, reserved, 0};
  return shelf;
}

InboundUnits Inbound(int64_t row, const char* expiry, int64_t ampoules, const char* expected) {
  return {absl::StrCat("transfers/", row), LotOf(row, expiry), ampoules, *ParseDate(expected)};
}

PromiseQuestion Ask(int64_t ampoules, const char* date) {
  PromiseQuestion question;
  question.need = {ProductName("products/A"), ampoules};
  question.use = {kSite, *ParseDate(date), kHoldsInForce};
  return question;
}

// "lot taken/skipped REASON", in the order of use.
std::vector<std::string> Told(const PromisedProduct& answer) {
  std::vector<std::string> told;
  for (const PromisedLot& lot : answer.lots) {
    std::string line = absl::StrCat(lot.lot_number, " ", lot.ampoules, "/", lot.skipped);
    for (const std::string& reason : lot.reasons) absl::StrAppend(&line, " ", reason);
    told.push_back(line);
  }
  return told;
}

TEST(StockPromiseTest, EveryLotIsTakenOrPassedOverWithItsReason) {
  PromiseQuestion question = Ask(5, "2026-12-20");
  question.shelves = {Shelf(1, "2027-03-01", 9), Shelf(2, "2026-12-19", 4),
                      Shelf(3, "2026-12-20", 3), Shelf(4, "2027-01-01", 6, 6),
                      Shelf(5, "2027-06-01", 8)};
  question.shelves[3].balance.reserved = 6;
  Hold hold;
  hold.kind = HoldKind::kQuarantine;
  hold.place_time = absl::UnixEpoch();
  question.shelves.push_back(Shelf(6, "2027-02-01", 7));
  question.shelves.back().lot.holds = {hold};
  const PromisedProduct answer = DecidePromise(question);
  EXPECT_EQ(answer.missing, 0);
  EXPECT_THAT(Told(answer), ElementsAre("L2 0/4 LOT_EXPIRED", "L3 3/0", "L4 0/0 FULLY_RESERVED",
                                        "L6 0/7 LOT_QUARANTINED", "L1 2/7", "L5 0/8 NOT_NEEDED"));
}

TEST(StockPromiseTest, WhatIsMissingIsCounted) {
  PromiseQuestion question = Ask(10, "2026-12-20");
  question.shelves = {Shelf(1, "2027-03-01", 4)};
  EXPECT_EQ(DecidePromise(question).missing, 6);
  question.shelves.clear();
  EXPECT_EQ(DecidePromise(question).missing, 10);
  EXPECT_THAT(DecidePromise(question).lots, IsEmpty());
}

TEST(StockPromiseTest, EarlierPromisesTakeTheLotsUsableOnTheirDay) {
  PromiseQuestion question = Ask(4, "2026-12-20");
  question.shelves = {Shelf(1, "2026-12-10", 3), Shelf(2, "2027-03-01", 6)};
  // The first day's promise takes the lot that has expired by ours; the second can't.
  question.promised = {{*ParseDate("2026-12-15"), 1}, {*ParseDate("2026-12-08"), 3}};
  const PromisedProduct answer = DecidePromise(question);
  EXPECT_EQ(answer.promised, 4);
  EXPECT_EQ(answer.missing, 0);
  EXPECT_THAT(Told(answer), ElementsAre("L1 0/3 LOT_EXPIRED", "L2 4/2"));
  question.promised[0].ampoules = 3;
  EXPECT_EQ(DecidePromise(question).missing, 1);
}

TEST(StockPromiseTest, UnitsPromisedToOthersAreFullyReserved) {
  PromiseQuestion question = Ask(2, "2026-12-20");
  question.shelves = {Shelf(1, "2027-01-10", 3), Shelf(2, "2027-03-01", 6)};
  question.promised = {{*ParseDate("2026-12-20"), 3}};
  EXPECT_THAT(Told(DecidePromise(question)), ElementsAre("L1 0/3 FULLY_RESERVED", "L2 2/4"));
}

TEST(StockPromiseTest, UnitsUnderWayCountFromTheDayTheyAreExpected) {
  PromiseQuestion question = Ask(5, "2026-12-20");
  question.shelves = {Shelf(1, "2027-01-10", 3)};
  question.inbound = {Inbound(2, "2027-01-01", 2, "2026-12-20"),
                      Inbound(3, "2027-01-05", 9, "2026-12-21")};
  const PromisedProduct answer = DecidePromise(question);
  EXPECT_THAT(Told(answer), ElementsAre("L2 2/0", "L1 3/0"));
  EXPECT_EQ(answer.lots[0].transfer, "transfers/2");
  EXPECT_EQ(answer.lots[0].expected_date, ParseDate("2026-12-20"));
  // A promise of the day before can't have them.
  question.promised = {{*ParseDate("2026-12-19"), 4}};
  EXPECT_EQ(DecidePromise(question).missing, 3);
}

TEST(StockPromiseTest, TheSoonestPromiseComesFirstWhateverTheOrderOfAsking) {
  PromiseQuestion question = Ask(3, "2026-12-20");
  question.shelves = {Shelf(1, "2027-01-01", 3)};
  question.inbound = {Inbound(2, "2027-02-01", 3, "2026-12-10")};
  // The sooner one can only have the shelf, so the later one takes what is under way.
  question.promised = {{*ParseDate("2026-12-15"), 3}, {*ParseDate("2026-12-08"), 3}};
  EXPECT_EQ(DecidePromise(question).missing, 3);
  EXPECT_THAT(Told(DecidePromise(question)),
              ElementsAre("L1 0/3 FULLY_RESERVED", "L2 0/3 FULLY_RESERVED"));
}

TEST(StockPromiseTest, NobodyLaterMissesWhatWeTake) {
  PromiseQuestion question = Ask(4, "2026-12-20");
  question.shelves = {Shelf(1, "2026-12-24", 1), Shelf(2, "2027-03-01", 9)};
  question.promised = {{*ParseDate("2027-01-10"), 7}};
  const PromisedProduct answer = DecidePromise(question);
  EXPECT_EQ(answer.promised, 0) << "on or before our day";
  EXPECT_EQ(answer.missing, 1);
  EXPECT_THAT(Told(answer), ElementsAre("L1 1/0", "L2 2/7"));
  // What comes between their day and ours is theirs.
  question.inbound = {Inbound(3, "2027-06-01", 1, "2027-01-05")};
  EXPECT_EQ(DecidePromise(question).missing, 0);
  EXPECT_THAT(Told(DecidePromise(question)), ElementsAre("L1 1/0", "L2 3/6"));
  // Those who miss units anyway are not our doing: all ten are theirs, and one more.
  question.promised[0].ampoules = 11;
  EXPECT_EQ(DecidePromise(question).missing, 3);
  EXPECT_THAT(Told(DecidePromise(question)), ElementsAre("L1 1/0", "L2 0/9 FULLY_RESERVED"));
}

TEST(StockPromiseTest, TheMinimumLifeAndTheJurisdictionOfTheProductCount) {
  PromiseQuestion question = Ask(1, "2026-12-20");
  question.shelves = {Shelf(1, "2027-01-18", 3)};
  question.use.min_remaining_life_days = 30;
  EXPECT_THAT(Told(DecidePromise(question)), ElementsAre("L1 0/3 BEYOND_USE_DATE"));
  question.use.min_remaining_life_days = 29;
  EXPECT_EQ(DecidePromise(question).missing, 0);
  question.use.authorised = false;
  EXPECT_THAT(Told(DecidePromise(question)), ElementsAre("L1 0/3 NOT_AUTHORISED"));
}

}  // namespace
}  // namespace meso::inventory
