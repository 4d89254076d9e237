#include "services/inventory/domain/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

const SiteName kSite("sites/par-1");
const Shelf kShelf(kSite, "main");

Movement Line(int64_t index, MovementKind kind, int64_t ampoules, int64_t previous) {
  Movement movement;
  movement.index = index;
  movement.kind = kind;
  movement.site = kSite;
  movement.unit = "main";
  movement.ampoules = ampoules;
  movement.lot_previous = previous;
  return movement;
}

Movement Mirror(int64_t index, const Movement& of, int64_t previous) {
  Movement movement = Line(index, MovementKind::kReverse, of.ampoules, previous);
  movement.reverses = of.index;
  movement.reversed_kind = of.kind;
  return movement;
}

// Ten received, four drawn, two given, one wasted, one still drawn; two of the rest reserved.
LotHistory SoundHistory() {
  LotHistory history;
  history.lot = LotName("lots/a");
  history.movements = {Line(3, MovementKind::kReceipt, 8, 0), Line(5, MovementKind::kAdjust, 2, 3),
                       Line(8, MovementKind::kDraw, 4, 5), Line(9, MovementKind::kAdminister, 2, 8),
                       Line(12, MovementKind::kWaste, 1, 9)};
  history.lines = 5;
  history.last_movement = 12;
  history.balances = {{kSite, "main", 10, 6, 2, 1, 2, 1}};
  history.reserved = {{kShelf, 2}};
  history.drawn = {{kShelf, 1}};
  history.administered = {{kSite, 2}};
  history.wasted = {{kSite, 1}};
  return history;
}

// The same after two of a later receipt were taken back, and one more draw.
LotHistory ReversedHistory() {
  LotHistory history = SoundHistory();
  const Movement receipt = Line(13, MovementKind::kReceipt, 2, 12);
  const Movement draw = Line(15, MovementKind::kDraw, 3, 14);
  history.movements.insert(history.movements.end(),
                           {receipt, Mirror(14, receipt, 13), draw, Mirror(16, draw, 15)});
  history.lines = 9;
  history.last_movement = 16;
  return history;
}

std::vector<std::string> Codes(const LotHistory& history) {
  std::vector<std::string> codes;
  for (const LedgerViolation& violation : CheckConservation(history)) {
    codes.push_back(violation.code);
  }
  return codes;
}

TEST(LedgerTest, ASoundHistoryBreaksNoLaw) { EXPECT_THAT(Codes(SoundHistory()), IsEmpty()); }

TEST(LedgerTest, ALineAndItsMirrorLeaveNothing) {
  EXPECT_THAT(Codes(ReversedHistory()), IsEmpty());
  const Movement draw = Line(8, MovementKind::kDraw, 4, 5);
  EXPECT_EQ(AccountsOf(draw), std::make_pair(Account::kStock, Account::kDrawn));
  EXPECT_EQ(AccountsOf(Mirror(9, draw, 8)), std::make_pair(Account::kDrawn, Account::kStock));
  EXPECT_EQ(AccountsOf(Mirror(9, Line(3, MovementKind::kReceipt, 8, 0), 8)),
            std::make_pair(Account::kStock, Account::kSupplier));
  EXPECT_EQ(AccountsOf(Mirror(9, Line(3, MovementKind::kAdjust, 8, 0), 8)),
            std::make_pair(Account::kStock, Account::kAdjustment));
}

TEST(LedgerTest, AMirrorOfNothingOrOfAnotherLineIsFound) {
  const std::function<void(LotHistory&)> plants[] = {
      [](LotHistory& h) { h.movements[6].reverses = 99; },
      [](LotHistory& h) { h.movements[6].reverses = 14; },
      [](LotHistory& h) { h.movements[6].reverses = 15; },  // later than itself
      [](LotHistory& h) { h.movements[8].reverses = 13; },  // a second time
      [](LotHistory& h) { h.movements[6].ampoules = 1; },
      [](LotHistory& h) { h.movements[6].unit = "fridge"; },
      [](LotHistory& h) { h.movements[6].reversed_kind = MovementKind::kAdjust; },
      [](LotHistory& h) { h.movements[8].reservation = ReservationName("reservations/x"); },
  };
  for (const auto& plant : plants) {
    LotHistory history = ReversedHistory();
    plant(history);
    EXPECT_THAT(Codes(history), Contains("REVERSAL_BROKEN"));
  }
}

TEST(LedgerTest, OnlyAStandingReceiptDrawOrAdjustmentMayBeTakenBack) {
  const std::pair<MovementKind, const char*> kinds[] = {
      {MovementKind::kReceipt, nullptr},
      {MovementKind::kDraw, nullptr},
      {MovementKind::kAdjust, nullptr},
      {MovementKind::kAdminister, "ADMINISTER"},
      {MovementKind::kWaste, "WASTE"},
      {MovementKind::kReverse, "REVERSE"},
      {MovementKind::kUnspecified, "UNSPECIFIED"}};
  for (const auto& [kind, why] : kinds) {
    const auto found = WhyNotReversible(Line(3, kind, 1, 0));
    EXPECT_EQ(found.value_or("fine"), why == nullptr ? "fine" : why);
  }
  Movement taken = Line(3, MovementKind::kReceipt, 1, 0);
  taken.reversed_by = 7;
  EXPECT_EQ(WhyNotReversible(taken), "taken back by sites/par-1/movements/7");
}

TEST(LedgerTest, EveryPlantedErrorIsFound) {
  struct Plant {
    const char* code;
    std::function<void(LotHistory&)> change;
  };
  const Plant plants[] = {
      {"BALANCE_DIFFERS", [](LotHistory& h) { ++h.balances[0].on_hand; }},
      {"CONSERVATION_BROKEN", [](LotHistory& h) { ++h.balances[0].received; }},
      {"BALANCE_DIFFERS", [](LotHistory& h) { h.balances.clear(); }},
      {"BALANCE_DIFFERS", [](LotHistory& h) { h.balances.push_back(h.balances[0]); }},
      {"NEGATIVE_BALANCE", [](LotHistory& h) { h.balances[0].reserved = 7; }},
      {"NEGATIVE_BALANCE", [](LotHistory& h) { h.movements[2].ampoules = 11; }},
      {"RESERVED_DIFFERS", [](LotHistory& h) { h.reserved[kShelf] = 1; }},
      {"RESERVED_DIFFERS",
       [](LotHistory& h) {
         h.reserved = {{{kSite, "fridge"}, 2}};
       }},
      {"RESERVED_DIFFERS",
       [](LotHistory& h) {
         h.reserved[{SiteName("sites/x"), "main"}] = 1;
       }},
      {"DRAWN_DIFFERS", [](LotHistory& h) { h.drawn.clear(); }},
      {"ADMINISTERED_DIFFERS", [](LotHistory& h) { h.administered[kSite] = 3; }},
      {"ADMINISTERED_DIFFERS", [](LotHistory& h) { h.wasted[kSite] = 0; }},
      {"CHAIN_BROKEN", [](LotHistory& h) { h.movements[3].lot_previous = 5; }},
      {"CHAIN_BROKEN", [](LotHistory& h) { h.last_movement = 9; }},
      {"CHAIN_BROKEN", [](LotHistory& h) { h.lines = 6; }},
  };
  for (const Plant& plant : plants) {
    LotHistory history = SoundHistory();
    plant.change(history);
    EXPECT_THAT(Codes(history), Contains(plant.code));
  }
}

}  // namespace
}  // namespace meso::inventory
