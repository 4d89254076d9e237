#include "services/inventory/domain/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

// A shelf's line that happened before it was recorded.
Movement Occurred(Movement movement, absl::Time occurred) {
  movement.occurred_time = occurred;
  return movement;
}

TEST(LedgerTest, EveryWayOutOfTheShelfIsAnAccountOfItsOwn) {
  const std::pair<MovementKind, Account> ways[] = {
      {MovementKind::kShip, Account::kInTransit},
      {MovementKind::kOpen, Account::kOpened},
      {MovementKind::kDispense, Account::kDispensed},
      {MovementKind::kReturnToSupplier, Account::kReturned},
      {MovementKind::kDispose, Account::kDisposed},
      {MovementKind::kDraw, Account::kDrawn}};
  for (const auto& [kind, account] : ways) {
    const std::vector<Movement> lines = {Line(1, MovementKind::kReceipt, 5, 0),
                                         Line(2, kind, 2, 1)};
    const std::map<Account, int64_t> sums = SumAccounts(lines);
    EXPECT_EQ(sums.at(Account::kSupplier), -5);
    EXPECT_EQ(sums.at(Account::kStock), 3);
    EXPECT_EQ(sums.at(account), 2) << ToText(kind);
    const StoredBalance shelf = FoldMovements(lines).at(kShelf);
    EXPECT_EQ(shelf.received, 5);
    EXPECT_EQ(shelf.on_hand, 3);
  }
}

TEST(LedgerTest, WasteOffTheShelfNeedsNoRecordOfATreatment) {
  LotHistory history = SoundHistory();
  Movement waste = Line(13, MovementKind::kWaste, 3, 12);
  waste.from = Account::kStock;
  waste.reason = "BROKEN";
  history.movements.push_back(waste);
  history.lines = 6;
  history.last_movement = 13;
  history.balances = {{kSite, "main", 10, 3, 2, 1, 2, 4}};
  EXPECT_THAT(Codes(history), IsEmpty());
  history.movements.back().reason.clear();
  EXPECT_THAT(Codes(history), Contains("ADMINISTERED_DIFFERS"));
}

TEST(LedgerTest, WhatLeftOneSiteMustArriveAtAnother) {
  const SiteName london("sites/lon-1");
  Movement arrived = Line(3, MovementKind::kReceiveTransfer, 4, 2);
  arrived.from = Account::kInTransit;
  arrived.to = Account::kTransfer;
  Movement taken_in = Line(4, MovementKind::kReceiveTransfer, 4, 3);
  taken_in.site = london;
  LotHistory history;
  history.lot = LotName("lots/a");
  history.movements = {Line(1, MovementKind::kReceipt, 10, 0), Line(2, MovementKind::kShip, 4, 1),
                       arrived, taken_in};
  history.lines = 4;
  history.last_movement = 4;
  history.balances = {{kSite, "main", 6, 6, 0, 0, 0, 0}, {london, "main", 4, 4, 0, 0, 0, 0}};
  EXPECT_THAT(Codes(history), IsEmpty());
  history.movements.pop_back();
  history.balances.pop_back();
  history.lines = 3;
  history.last_movement = 3;
  EXPECT_THAT(Codes(history), ElementsAre("CONSERVATION_BROKEN"));
}

TEST(LedgerTest, TheBooksOfThePastAreCheckedAsTheyStood) {
  const absl::Time noon = absl::UnixEpoch() + absl::Hours(12);
  LotHistory history = SoundHistory();
  for (Movement& line : history.movements) line.record_time = noon + absl::Minutes(line.index);
  EXPECT_THAT(CheckConservationAsOf(history, noon + absl::Minutes(8)), IsEmpty());
  EXPECT_EQ(SumAccounts(history.movements, noon + absl::Minutes(8)).at(Account::kStock), 6);
  EXPECT_EQ(SumAccounts(history.movements, noon + absl::Minutes(5)).at(Account::kStock), 10);
  // Drawn more than was there, and put right since: only the past is broken.
  history.movements[2].ampoules = 11;
  EXPECT_THAT(CheckConservationAsOf(history, noon + absl::Minutes(5)), IsEmpty());
  EXPECT_EQ(CheckConservationAsOf(history, noon + absl::Minutes(8)).front().code,
            "NEGATIVE_BALANCE");
}

TEST(LedgerTest, BackDatingMayNotOverdrawALaterMoment) {
  const absl::Time monday = absl::UnixEpoch() + absl::Hours(24 * 4);
  std::vector<Movement> lines = {
      Occurred(Line(1, MovementKind::kReceipt, 5, 0), monday),
      Occurred(Line(2, MovementKind::kDraw, 4, 1), monday + absl::Hours(48)),
      Occurred(Line(3, MovementKind::kReceipt, 5, 2), monday + absl::Hours(72))};
  Movement loss = Occurred(Line(0, MovementKind::kAdjust, 2, 0), monday + absl::Hours(24));
  loss.from = Account::kStock;
  loss.to = Account::kAdjustment;
  // Two days later four were drawn of what would have been three.
  EXPECT_EQ(FindOverdraw(lines, loss), monday + absl::Hours(48));
  loss.ampoules = 1;
  EXPECT_EQ(FindOverdraw(lines, loss), std::nullopt);
  loss.ampoules = 2;
  loss.occurred_time = monday + absl::Hours(73);
  EXPECT_EQ(FindOverdraw(lines, loss), std::nullopt);
  // Before anything was there.
  loss.occurred_time = monday - absl::Hours(1);
  EXPECT_EQ(FindOverdraw(lines, loss), monday - absl::Hours(1));
}

// Books that add up today may hold a line that could not have happened when it says.
TEST(LedgerTest, ABackDatedLineThatOverdrewALaterMomentIsFound) {
  const absl::Time monday = absl::UnixEpoch() + absl::Hours(24 * 4);
  LotHistory history;
  history.lot = LotName("lots/a");
  history.movements = {Line(1, MovementKind::kReceipt, 5, 0), Line(2, MovementKind::kDraw, 4, 1),
                       Line(3, MovementKind::kReceipt, 5, 2), Line(4, MovementKind::kAdjust, 2, 3),
                       Line(5, MovementKind::kReceipt, 5, 4)};
  for (Movement& line : history.movements) {
    line.record_time = monday + absl::Hours(24 * line.index);
  }
  history.lines = history.last_movement = 5;
  history.balances = {{kSite, "main", 13, 9, 0, 4, 0, 0}};
  history.drawn[{kSite, "main"}] = 4;
  Movement& loss = history.movements[3];
  loss.reason = "LOST";
  loss.from = Account::kStock;
  loss.to = Account::kAdjustment;
  EXPECT_THAT(Codes(history), IsEmpty());
  // Before the draw, which then took four of three.
  loss.occurred_time = monday + absl::Hours(36);
  EXPECT_THAT(Codes(history), ElementsAre("NEGATIVE_BALANCE"));
  EXPECT_THAT(CheckConservationAsOf(history, loss.record_time - absl::Seconds(1)), IsEmpty());
  ASSERT_THAT(CheckConservationAsOf(history, loss.record_time), SizeIs(1));
  EXPECT_EQ(CheckConservationAsOf(history, loss.record_time).front().code, "NEGATIVE_BALANCE");
  // One unit less was there to lose; and what a record of something given says is a fact.
  loss.ampoules = 1;
  EXPECT_THAT(CheckConservationAsOf(history, loss.record_time), IsEmpty());
  loss.ampoules = 2;
  loss.administration = AdministrationName("administrations/1");
  EXPECT_THAT(CheckConservationAsOf(history, loss.record_time), IsEmpty());
  // What was found out later does not make it wrong that was right by what was known.
  loss.administration = AdministrationName();
  loss.ampoules = 1;
  history.movements[4] = Line(5, MovementKind::kDraw, 1, 4);
  history.movements[4].record_time = monday + absl::Hours(24 * 5);
  history.movements[4].occurred_time = monday + absl::Hours(30);
  history.movements[4].administration = AdministrationName("administrations/1");
  EXPECT_THAT(CheckConservationAsOf(history, absl::InfiniteFuture()), IsEmpty());
}

TEST(LedgerTest, BackDatingMayNotUseWhatWasNotDrawnYet) {
  const absl::Time monday = absl::UnixEpoch() + absl::Hours(24 * 4);
  const std::vector<Movement> lines = {
      Occurred(Line(1, MovementKind::kReceipt, 5, 0), monday),
      Occurred(Line(2, MovementKind::kDraw, 1, 1), monday + absl::Hours(4)),
      Occurred(Line(3, MovementKind::kReturnDrawn, 1, 2), monday + absl::Hours(4))};
  Movement waste = Occurred(Line(0, MovementKind::kWaste, 1, 0), monday + absl::Hours(3));
  EXPECT_EQ(FindOverdraw(lines, waste), monday + absl::Hours(3));
  waste.occurred_time = monday + absl::Hours(4);
  EXPECT_EQ(FindOverdraw(lines, waste), monday + absl::Hours(4)) << "it was put back at once";
  waste = Occurred(Line(0, MovementKind::kDraw, 5, 0), monday + absl::Hours(4));
  EXPECT_EQ(FindOverdraw(lines, waste), std::nullopt) << "of one moment the end counts";
}

TEST(LedgerTest, WhatAFactOverdrewHindersNoLineThatTakesNothingOfIt) {
  const absl::Time monday = absl::UnixEpoch() + absl::Hours(24 * 4);
  // Two were given before the books had them.
  const std::vector<Movement> lines = {
      Occurred(Line(1, MovementKind::kReceipt, 5, 0), monday + absl::Hours(9)),
      Occurred(Line(2, MovementKind::kDraw, 2, 1), monday + absl::Hours(4)),
      Occurred(Line(3, MovementKind::kAdminister, 2, 2), monday + absl::Hours(4))};
  Movement line = Occurred(Line(0, MovementKind::kAdjust, 1, 0), monday);
  EXPECT_EQ(FindOverdraw(lines, line), std::nullopt) << "found units make it no worse";
  line = Occurred(Line(0, MovementKind::kDraw, 1, 0), monday + absl::Hours(3));
  EXPECT_EQ(FindOverdraw(lines, line), monday + absl::Hours(3));
  line = Occurred(Line(0, MovementKind::kDraw, 3, 0), monday + absl::Hours(9));
  EXPECT_EQ(FindOverdraw(lines, line), std::nullopt);
}

// The day at nine: one was drawn by the first, and the second's record says an earlier time than
// the draw that was clicked afterwards.
std::vector<Movement> LinesOfTwoSessions(const absl::Time nine) {
  std::vector<Movement> lines = {
      Occurred(Line(1, MovementKind::kReceipt, 5, 0), nine - absl::Hours(1)),
      Occurred(Line(2, MovementKind::kDraw, 1, 1), nine),
      Occurred(Line(3, MovementKind::kDraw, 2, 2), nine + absl::Minutes(65)),
      Occurred(Line(4, MovementKind::kAdminister, 1, 3), nine + absl::Minutes(60))};
  lines[1].appointment = AppointmentName("sites/par-1/appointments/first");
  lines[2].appointment = lines[3].appointment = AppointmentName("sites/par-1/appointments/second");
  return lines;
}

TEST(LedgerTest, WhatOneAppointmentHasDrawnIsNotMeasuredByTheRecordsOfAnother) {
  const absl::Time nine = absl::UnixEpoch() + absl::Hours(24 * 4 + 9);
  const std::vector<Movement> lines = LinesOfTwoSessions(nine);
  Movement waste = Occurred(Line(0, MovementKind::kWaste, 1, 0), nine + absl::Minutes(30));
  waste.appointment = lines[1].appointment;
  EXPECT_EQ(FindOverdraw(lines, waste), std::nullopt) << "its own unit was drawn at nine";
  waste.ampoules = 2;
  EXPECT_EQ(FindOverdraw(lines, waste), nine + absl::Minutes(30)) << "nor by its units";
  waste.appointment = lines[2].appointment;
  waste.ampoules = 1;
  EXPECT_EQ(FindOverdraw(lines, waste), nine + absl::Minutes(30)) << "it had drawn nothing yet";
}

TEST(LedgerTest, AMomentThatWasOverdrawnBeforeHindersNoLine) {
  const absl::Time nine = absl::UnixEpoch() + absl::Hours(24 * 4 + 9);
  const std::vector<Movement> lines = LinesOfTwoSessions(nine);
  // Between the record's time and the draw the books are one short, without the waste as with it.
  Movement waste = Occurred(Line(0, MovementKind::kWaste, 1, 0), nine + absl::Minutes(62));
  waste.appointment = lines[2].appointment;
  EXPECT_EQ(FindOverdraw(lines, waste), std::nullopt);
  waste.ampoules = 2;
  EXPECT_EQ(FindOverdraw(lines, waste), nine + absl::Minutes(65)) << "one of two was given";
}

TEST(LedgerTest, TheOpenPeriodBeginsWithThePreviousMonthAtTheSite) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Australia/Sydney", &zone));
  // Still December in London, already January in Sydney.
  const absl::Time now = absl::FromCivil(absl::CivilHour(2026, 12, 31, 20), absl::UTCTimeZone());
  EXPECT_EQ(OpenPeriodBegin(now, zone), absl::FromCivil(absl::CivilDay(2026, 12, 1), zone));
}

}  // namespace
}  // namespace meso::inventory
