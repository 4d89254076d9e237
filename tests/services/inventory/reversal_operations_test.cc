// Lines of the ledger taken back: every kind that may be, every refusal, and what reservations see
// of it.
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class ReversalTest : public InventoryFixture {
 protected:
  absl::StatusOr<Movement> Reverse(int64_t index, const SiteName& site = kParis) {
    return Run(&InventoryOperations::ReverseMovement,
               ReversalRequest{site, index, ReversalReason::kDuplicate, ""});
  }
};

TEST_F(ReversalTest, AReceiptLeavesTheShelfByALineTheOtherWayRound) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  Receive("A", "A1", "2027-06-30", 7);
  const Movement receipt = Lines(MovementKind::kReceipt)[0];
  const auto mirror = Reverse(receipt.index);
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  EXPECT_EQ(mirror->kind, MovementKind::kReverse);
  EXPECT_EQ(mirror->reverses, receipt.index);
  EXPECT_EQ(mirror->reversed_kind, MovementKind::kReceipt);
  EXPECT_EQ(mirror->reversal_reason, ReversalReason::kDuplicate);
  EXPECT_EQ(mirror->ampoules, 5);
  EXPECT_EQ(mirror->lot, a);
  EXPECT_GT(mirror->index, receipt.index);
  EXPECT_EQ(mirror->actor, "users/manager");
  EXPECT_EQ(Shelf(a).on_hand, 7);
  const std::vector<Movement> receipts = Lines(MovementKind::kReceipt);
  EXPECT_EQ(receipts[0].reversed_by, mirror->index) << "the line itself stands as it was";
  EXPECT_EQ(receipts[0].ampoules, 5);
  EXPECT_EQ(receipts[1].reversed_by, 0);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, ALineIsTakenBackOnceAndAReversalNever) {
  Receive("A", "A1", "2027-06-30", 5);
  Receive("A", "A1", "2027-06-30", 5);
  const int64_t index = Lines(MovementKind::kReceipt)[0].index;
  const auto mirror = Reverse(index);
  ASSERT_TRUE(mirror.ok());
  const absl::Status again = Reverse(index).status();
  ExpectRefused(again, Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  EXPECT_THAT(std::string(again.message()),
              ::testing::HasSubstr(absl::StrCat("sites/par-1/movements/", mirror->index)));
  ExpectRefused(Reverse(mirror->index).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

TEST_F(ReversalTest, AnUnknownLineOrOneOfAnotherSiteIsNotFound) {
  Receive("A", "A1", "2027-06-30", 5, kSydney);
  const int64_t index = Lines(MovementKind::kReceipt)[0].index;
  ExpectRefused(Reverse(index).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefused(Reverse(index + 1, kSydney).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  EXPECT_TRUE(Reverse(index, kSydney).ok());
}

TEST_F(ReversalTest, UnitsThatHaveLeftTheShelfCanNotGoBackToTheSupplier) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", a, 1, FefoOverride::kNone}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  const absl::Status refused = Reverse(Lines(MovementKind::kReceipt)[0].index).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_THAT(Causes(refused), ElementsAre(absl::StrCat("INSUFFICIENT_STOCK ", a.value())));
  EXPECT_EQ(DetailsOf(refused).metadata["on_hand"], "2");
  EXPECT_EQ(DetailsOf(refused).metadata["wanted"], "3");
  // The draw taken back first, both go.
  ASSERT_TRUE(Reverse(Lines(MovementKind::kDraw)[0].index).ok());
  EXPECT_EQ(Shelf(a).on_hand, 3);
  ASSERT_TRUE(Reverse(Lines(MovementKind::kReceipt)[0].index).ok());
  EXPECT_EQ(Shelf(a).on_hand, 0);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, UnitsThatReservationsKeepStayWhereTheyAre) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  for (const Movement& receipt : Lines(MovementKind::kReceipt)) {
    const absl::Status refused = Reverse(receipt.index).status();
    ExpectRefused(refused, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
    EXPECT_THAT(Causes(refused),
                ElementsAre(absl::StrCat("FULLY_RESERVED ", ReservationOf(1).value())));
  }
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
  // More came: what is free may go, whichever receipt brought it.
  Receive("A", "A1", "2027-06-30", 2);
  EXPECT_TRUE(Reverse(Lines(MovementKind::kReceipt)[0].index).ok());
  ExpectRefused(Reverse(Lines(MovementKind::kReceipt)[3].index).status(), Code::kFailedPrecondition,
                "INSUFFICIENT_STOCK");
}

TEST_F(ReversalTest, ALapsedReservationIsNotInTheWay) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  database_.clock().Advance(absl::Hours(24));
  EXPECT_TRUE(Reverse(Lines(MovementKind::kReceipt)[0].index).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, DrawnUnitsGoBackToTheReservationTheyWereKeptFor) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  ASSERT_EQ(Draw(1)->reservation->state, ReservationState::kDrawn);
  const std::vector<Movement> draws = Lines(MovementKind::kDraw);
  ASSERT_THAT(draws, SizeIs(3));
  const auto mirror = Reverse(draws[0].index);
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  EXPECT_EQ(mirror->appointment, AppointmentOf(1));
  EXPECT_EQ(mirror->reservation, ReservationOf(1));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Shelf(draws[0].lot).reserved, draws[0].ampoules);
  EXPECT_EQ(Shelf(draws[0].lot).drawn, 0);
  ExpectSoundLedger();
  const auto again = Draw(1);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->reservation->state, ReservationState::kDrawn);
  EXPECT_THAT(again->drawn, SizeIs(3));
  ExpectSoundLedger();
}

TEST_F(ReversalTest, AnUnconfirmedReservationIsReservedAgain) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  ASSERT_TRUE(Reverse(Lines(MovementKind::kDraw)[0].index).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, AnEndedReservationDoesNotTakeTheUnitsBack) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(Draw(1, {{"", a, 1, FefoOverride::kNone}}).ok());
  ASSERT_TRUE(Cancel(1).ok());
  ASSERT_EQ(Reservations(1)->state, ReservationState::kReleased);
  ASSERT_TRUE(Reverse(Lines(MovementKind::kDraw)[0].index).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReleased);
  EXPECT_EQ(Shelf(a).on_hand, 2);
  EXPECT_EQ(Shelf(a).reserved, 0);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, AReservationWhoseLotMayNotBeUsedAnyMoreIsInvalidatedAndToldSo) {
  Stock(1);
  Receive("A", "A2", "2027-06-30", 2);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  const Movement draw = Lines(MovementKind::kDraw)[0];
  ASSERT_TRUE(Quarantine(draw.lot).ok());
  const size_t told = Events().size();
  ASSERT_TRUE(Reverse(draw.index).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_THAT(Reservations(1)->invalid_reasons, ElementsAre("LOT_QUARANTINED"));
  EXPECT_THAT(Events(static_cast<int64_t>(told)), ElementsAre("ReservationInvalidated"));
  ExpectSoundLedger();
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed) << "the other lot stands in";
  ExpectSoundLedger();
}

TEST_F(ReversalTest, WhatWasRecordedAsGivenOrWastedIsAFact) {
  Stock(2);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(Record(1, "PT-1", {Given(a, 1, 1)}).ok());
  for (const MovementKind kind : {MovementKind::kAdminister, MovementKind::kWaste}) {
    ExpectRefused(Reverse(Lines(kind)[0].index).status(), Code::kFailedPrecondition,
                  "STATE_NOT_ALLOWED");
  }
  for (const Movement& draw : Lines(MovementKind::kDraw)) {
    if (draw.lot == a) {
      ExpectRefused(Reverse(draw.index).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
    }
  }
}

TEST_F(ReversalTest, AnAdjustmentGoesOnceItsReceiptIsBooked) {
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  ASSERT_TRUE(Record(1, "PT-1", {Given(a, 3)}).ok());
  const Movement adjustment = Lines(MovementKind::kAdjust)[0];
  EXPECT_EQ(adjustment.ampoules, 2);
  ExpectRefused(Reverse(adjustment.index).status(), Code::kFailedPrecondition,
                "INSUFFICIENT_STOCK");
  Receive("A", "A1", "2027-06-30", 2);
  ASSERT_TRUE(Reverse(adjustment.index).ok());
  EXPECT_EQ(Shelf(a).on_hand, 0);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, GivenBackUnitsGoToAReservationThatWaits) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  // Two of another appointment were given although they were kept for the first.
  ASSERT_TRUE(Record(2, "PT-2", {Given(a, 1)}).ok());
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  const LotName b = Receive("A", "A2", "2027-06-30", 1);
  DrawRequest draw;
  draw.appointment = AppointmentOf(3);
  draw.items = {{"", b, 1, FefoOverride::kDoctorDecision}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ASSERT_TRUE(Reverse(Lines(MovementKind::kDraw).back().index).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, OfManyWhoTakeTheSameLineBackOneDoes) {
  Receive("A", "A1", "2027-06-30", 50);
  const int64_t index = Lines(MovementKind::kReceipt)[0].index;
  std::vector<absl::Status> statuses(16);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] { status = Reverse(index).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "STATE_NOT_ALLOWED");
    }
  }
  EXPECT_EQ(done, 1);
  ExpectSoundLedger();
}

TEST_F(ReversalTest, TheAuditDraftNamesTheLineTheLotAndTheReason) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  const int64_t index = Lines(MovementKind::kReceipt)[0].index;
  const CallContext call = Manager();
  ASSERT_TRUE(Run(&InventoryOperations::ReverseMovement,
                  ReversalRequest{kParis, index, ReversalReason::kWrongLot, "typed twice"}, call)
                  .ok());
  EXPECT_EQ(call.audit.facts.at("reverses"), absl::StrCat("sites/par-1/movements/", index));
  EXPECT_EQ(call.audit.facts.at("reason"), "1");
  EXPECT_EQ(call.audit.facts.at("ampoules"), "5");
  EXPECT_THAT(call.audit.keys, Contains(std::pair<std::string, std::string>("lot", a.value())));
  EXPECT_EQ(Lines(MovementKind::kReverse)[0].document, "typed twice");
}

}  // namespace
}  // namespace meso::inventory
