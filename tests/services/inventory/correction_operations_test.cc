// Stock moved by hand: thrown away, put back, sent back, found and lost, now and in the past; and
// what reservations see of it.
#include "services/inventory/correction_operations.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class CorrectionTest : public InventoryFixture {
 protected:
  WasteRequest Wasted(const LotName& lot, int64_t ampoules, const AppointmentName& of = {}) {
    WasteRequest request;
    request.site = kParis;
    request.lot = lot;
    request.unit = kMainUnit;
    request.ampoules = ampoules;
    request.reason = WasteReason::kBroken;
    request.appointment = of;
    return request;
  }
  absl::StatusOr<Movement> Waste(const WasteRequest& request) {
    return Run(corrections_, &CorrectionOperations::WasteStock, request);
  }
  absl::StatusOr<DrawAnswer> PutBack(int n, const LotName& lot, int64_t ampoules) {
    return Run(corrections_, &CorrectionOperations::ReturnDrawnStock,
               ReturnDrawnRequest{AppointmentOf(n), lot, ampoules, ReturnReason::kWrongLot});
  }
  absl::StatusOr<Movement> SendBack(const LotName& lot, int64_t ampoules) {
    return Run(corrections_, &CorrectionOperations::ReturnToSupplier,
               SupplierReturnRequest{kParis, lot, kMainUnit, ampoules,
                                     SupplierReturnReason::kDamaged, "RN-1"});
  }
  AdjustRequest Adjusted(const LotName& lot, int64_t delta) {
    AdjustRequest request;
    request.site = kParis;
    request.lot = lot;
    request.unit = kMainUnit;
    request.delta = delta;
    request.reason = delta > 0 ? AdjustReason::kFound : AdjustReason::kLost;
    return request;
  }
  absl::StatusOr<Movement> Adjust(const AdjustRequest& request) {
    return Run(corrections_, &CorrectionOperations::AdjustStock, request);
  }
  absl::StatusOr<DrawAnswer> DrawFree(int n, const LotName& lot, int64_t ampoules) {
    DrawRequest draw;
    draw.appointment = AppointmentOf(n);
    draw.items = {{"", lot, ampoules, FefoOverride::kDoctorDecision}};
    return Run(&InventoryOperations::DrawStock, draw);
  }
  absl::Time Now() { return database_.clock().Now(); }

  const CorrectionOperations corrections_{operations_.use_case()};
};

TEST_F(CorrectionTest, WasteLeavesTheShelfWithItsReason) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  WasteRequest request = Wasted(a, 2);
  request.note = "fell off the tray";
  const auto line = Waste(request);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->kind, MovementKind::kWaste);
  EXPECT_EQ(AccountsOf(*line), std::make_pair(Account::kStock, Account::kWasted));
  EXPECT_EQ(line->ampoules, 2);
  EXPECT_EQ(line->reason, "BROKEN");
  EXPECT_EQ(line->document, "fell off the tray");
  EXPECT_EQ(line->OccurredTime(), Now());
  EXPECT_EQ(Shelf(a).on_hand, 3);
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, HeldAndExpiredUnitsMayBeThrownAwaySentBackAndLost) {
  const LotName old = Receive("A", "A0", "2026-11-01", 4);
  const LotName held = Receive("A", "A1", "2027-06-30", 4);
  ASSERT_TRUE(Quarantine(held).ok());
  for (const LotName& lot : {old, held}) {
    EXPECT_TRUE(Waste(Wasted(lot, 1)).ok());
    EXPECT_TRUE(SendBack(lot, 1).ok());
    EXPECT_TRUE(Adjust(Adjusted(lot, -1)).ok());
    EXPECT_EQ(Shelf(lot).on_hand, 1);
  }
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, WhatIsReservedIsNotThrownAwayAndEveryKeeperIsNamed) {
  Stock(2);
  const LotName b = Lines(MovementKind::kReceipt)[1].lot;
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Reserve(2).ok());
  for (const absl::Status& refused :
       {Waste(Wasted(b, 1)).status(), SendBack(b, 1).status(), Adjust(Adjusted(b, -1)).status()}) {
    ExpectRefused(refused, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
    EXPECT_EQ(DetailsOf(refused).metadata["on_hand"], "2");
    EXPECT_EQ(DetailsOf(refused).metadata["reserved"], "2");
    EXPECT_EQ(DetailsOf(refused).metadata["free"], "0");
    EXPECT_THAT(Causes(refused), ::testing::UnorderedElementsAre(
                                     absl::StrCat("FULLY_RESERVED ", ReservationOf(1).value()),
                                     absl::StrCat("FULLY_RESERVED ", ReservationOf(2).value())));
  }
  const absl::Status both = Waste(Wasted(b, 3)).status();
  EXPECT_THAT(Causes(both), SizeIs(3)) << both;
  EXPECT_EQ(Causes(both)[0], absl::StrCat("INSUFFICIENT_STOCK ", b.value()));
  // What lapsed is not in the way.
  database_.clock().Advance(absl::Hours(24));
  EXPECT_TRUE(Waste(Wasted(b, 2)).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, UnknownPlacesAndLotsAreNotFound) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  WasteRequest request = Wasted(a, 1);
  request.unit = "cellar";
  ExpectRefused(Waste(request).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  request = Wasted(LotName("lots/" + Uuid(9)), 1);
  ExpectRefused(Waste(request).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  request = Wasted(a, 1);
  request.site = SiteName("sites/none");
  ExpectRefused(Waste(request).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  request.site = kSydney;
  ExpectRefused(Waste(request).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  AdjustRequest found = Adjusted(a, 1);
  found.unit = "cellar";
  ExpectRefused(Adjust(found).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
}

TEST_F(CorrectionTest, DrawnUnitsThrownAwayAreAccountedFor) {
  AddUnit("fridge");
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  ReceiveInto("fridge", "A", "A1", "2027-06-30", 2);
  ASSERT_TRUE(DrawFree(1, a, 4).ok());
  const auto line = Waste(Wasted(a, 3, AppointmentOf(1)));
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(AccountsOf(*line), std::make_pair(Account::kDrawn, Account::kWasted));
  EXPECT_EQ(line->appointment, AppointmentOf(1));
  EXPECT_THAT(Lines(MovementKind::kWaste), SizeIs(2)) << "one line a shelf";
  const absl::Status more = Waste(Wasted(a, 2, AppointmentOf(1))).status();
  ExpectRefused(more, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_EQ(DetailsOf(more).metadata["open"], "1");
  const auto record = Record(1, "PT-1", {Given(a, 1)});
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_THAT(record->deviations, IsEmpty());
  EXPECT_THAT(record->outstanding, IsEmpty());
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, ReturnedUnitsAreFreeAndTheReservationForgetsThem) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  const auto left = PutBack(1, a, 1);
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_THAT(left->drawn, SizeIs(3));
  EXPECT_EQ(Shelf(a).on_hand, 1);
  EXPECT_EQ(Shelf(a).reserved, 0);
  EXPECT_EQ(Shelf(a).drawn, 1);
  const std::vector<Movement> lines = Lines(MovementKind::kReturnDrawn);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].reason, "WRONG_LOT");
  EXPECT_EQ(lines[0].appointment, AppointmentOf(1));
  const auto reservation = Reservations(1);
  ASSERT_TRUE(reservation.ok());
  for (const Allocation& kept : reservation->allocations) {
    EXPECT_EQ(kept.ampoules, 1) << kept.product;
    EXPECT_EQ(kept.drawn, 1) << kept.product;
  }
  ASSERT_TRUE(PutBack(1, a, 1).ok());
  ExpectRefused(PutBack(1, a, 1).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  // The line that drew them can't be taken back as well.
  const Movement draw = Lines(MovementKind::kDraw)[0];
  const ReversalRequest reversal{kParis, draw.index, ReversalReason::kDuplicate, ""};
  ExpectRefused(Run(&InventoryOperations::ReverseMovement, reversal).status(),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  ASSERT_TRUE(DrawFree(1, a, 2).ok());
  ExpectRefused(Run(&InventoryOperations::ReverseMovement, reversal).status(),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
}

TEST_F(CorrectionTest, WhatWasDrawnWithoutTheReservationGoesBackFirst) {
  Receive("A", "A1", "2027-06-30", 3);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(DrawFree(1, a, 1).ok());
  ASSERT_TRUE(PutBack(1, a, 1).ok());
  EXPECT_THAT(Reservations(1)->allocations, SizeIs(3)) << "its two stay drawn";
  EXPECT_EQ(Reservations(1)->allocations[0].drawn, 2);
  ASSERT_TRUE(PutBack(1, a, 2).ok());
  EXPECT_THAT(Reservations(1)->allocations, SizeIs(2));
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, GivenUnitsDoNotGoBack) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  ASSERT_TRUE(DrawFree(1, a, 2).ok());
  ASSERT_TRUE(Record(1, "PT-1", {Given(a, 1)}).ok());
  ExpectRefused(PutBack(1, a, 2).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  ExpectRefused(PutBack(2, a, 1).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_TRUE(PutBack(1, a, 1).ok());
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, FoundUnitsHealAReservationThatWaits) {
  Stock(1);
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_TRUE(Quarantine(a).ok());
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  const LotName other = Receive("A", "A2", "2027-06-30", 1);
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  const auto line = Adjust(Adjusted(other, 1));
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(AccountsOf(*line), std::make_pair(Account::kAdjustment, Account::kStock));
  EXPECT_EQ(line->reason, "FOUND");
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, WasteAndLossByHandAndSupplierReturnsAreTakenBackByTheirMirror) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  ASSERT_TRUE(Waste(Wasted(a, 1)).ok());
  ASSERT_TRUE(SendBack(a, 1).ok());
  ASSERT_TRUE(Adjust(Adjusted(a, -1)).ok());
  for (const MovementKind kind :
       {MovementKind::kWaste, MovementKind::kReturnToSupplier, MovementKind::kAdjust}) {
    ASSERT_TRUE(Run(&InventoryOperations::ReverseMovement,
                    ReversalRequest{kParis, Lines(kind)[0].index, ReversalReason::kDuplicate, ""})
                    .ok());
  }
  EXPECT_EQ(Shelf(a).on_hand, 5);
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, ALineIsBackDatedOnlyWhereEveryLaterBalanceStays) {
  const absl::Time arrived = Now();
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  database_.clock().Advance(absl::Hours(24));
  ASSERT_TRUE(DrawFree(1, a, 4).ok());
  database_.clock().Advance(absl::Hours(24));
  Receive("A", "A1", "2027-06-30", 5);
  database_.clock().Advance(absl::Hours(1));
  WasteRequest request = Wasted(a, 2);
  request.occurred_time = arrived + absl::Hours(12);
  ExpectRefused(Waste(request).status(), Code::kFailedPrecondition, "PERIOD_CLOSED");
  AdjustRequest lost = Adjusted(a, -2);
  lost.occurred_time = arrived + absl::Hours(12);
  ExpectRefused(Adjust(lost).status(), Code::kFailedPrecondition, "PERIOD_CLOSED");
  // One was there to break; today's balance has one less.
  request.ampoules = 1;
  const auto line = Waste(request);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->occurred_time, arrived + absl::Hours(12));
  EXPECT_EQ(line->record_time, Now());
  EXPECT_EQ(Shelf(a).on_hand, 5);
  ExpectRefused(Waste(request).status(), Code::kFailedPrecondition, "PERIOD_CLOSED");
  // Before anything was there, in the future, in a closed period.
  request.occurred_time = arrived - absl::Seconds(1);
  ExpectRefused(Waste(request).status(), Code::kFailedPrecondition, "PERIOD_CLOSED");
  request.occurred_time = Now() + absl::Seconds(1);
  ExpectRefused(Waste(request).status(), Code::kInvalidArgument, "FIELD_INVALID");
  AdjustRequest found = Adjusted(a, 1);
  const absl::TimeZone zone = *FindTimeZone("Europe/Paris");
  found.occurred_time = absl::FromCivil(absl::CivilDay(2026, 10, 1), zone) - absl::Seconds(1);
  ExpectRefused(Adjust(found).status(), Code::kFailedPrecondition, "PERIOD_CLOSED");
  found.occurred_time += absl::Seconds(1);
  ASSERT_TRUE(Adjust(found).ok());
  EXPECT_EQ(Shelf(a).on_hand, 6);
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, DrawnUnitsWereNotThrownAwayBeforeTheyWereDrawn) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  database_.clock().Advance(absl::Hours(2));
  ASSERT_TRUE(DrawFree(1, a, 1).ok());
  database_.clock().Advance(absl::Hours(2));
  WasteRequest request = Wasted(a, 1, AppointmentOf(1));
  request.occurred_time = Now() - absl::Hours(3);
  ExpectRefused(Waste(request).status(), Code::kFailedPrecondition, "PERIOD_CLOSED");
  request.occurred_time = Now() - absl::Hours(2);
  EXPECT_TRUE(Waste(request).ok()) << "at the moment of the draw";
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, AnotherOnesRecordDoesNotHinderABackDatedWasteOfDrawnUnits) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  const absl::Time nine = Now();
  ASSERT_TRUE(DrawFree(1, a, 1).ok());
  database_.clock().Advance(absl::Minutes(65));
  ASSERT_TRUE(DrawFree(2, a, 1).ok());
  Administration record;
  record.appointment = AppointmentOf(2);
  record.patient = PatientName("patients/PT-1");
  record.practitioner = "practitioners/pr-01";
  record.occurred_time = nine + absl::Minutes(60);
  record.lots = {Given(a, 1)};
  ASSERT_TRUE(Run(&InventoryOperations::RecordAdministration, record).ok());
  WasteRequest request = Wasted(a, 1, AppointmentOf(1));
  request.occurred_time = nine - absl::Minutes(1);
  ExpectRefused(Waste(request).status(), Code::kFailedPrecondition, "PERIOD_CLOSED");
  request.occurred_time = nine + absl::Minutes(30);
  const auto line = Waste(request);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->OccurredTime(), nine + absl::Minutes(30));
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, ABackDatedReceiptCountsFromItsDay) {
  Receipt receipt;
  receipt.site = kParis;
  receipt.unit = kMainUnit;
  receipt.product = ProductName("products/A");
  receipt.lot_number = "A1";
  receipt.expiry = ParseDate("2027-06-30");
  receipt.ampoules = 3;
  receipt.document = "DN-9";
  receipt.occurred_time = Now() - absl::Hours(48);
  const auto answer = Run(&InventoryOperations::ReceiveStock, receipt);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->lot.receive_time, Now() - absl::Hours(48));
  WasteRequest request = Wasted(answer->lot.name, 1);
  request.occurred_time = Now() - absl::Hours(24);
  EXPECT_TRUE(Waste(request).ok());
  receipt.occurred_time = Now() + absl::Hours(1);
  ExpectRefused(Run(&InventoryOperations::ReceiveStock, receipt).status(), Code::kInvalidArgument,
                "FIELD_INVALID");
  receipt.occurred_time = Now() - absl::Hours(24 * 60);
  ExpectRefused(Run(&InventoryOperations::ReceiveStock, receipt).status(),
                Code::kFailedPrecondition, "PERIOD_CLOSED");
}

TEST_F(CorrectionTest, OfManyWhoTakeTheLastUnitByAnyWayOneDoes) {
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  std::vector<absl::Status> statuses(16);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] {
      switch (i % 4) {
        case 0:
          statuses[i] = Waste(Wasted(a, 1)).status();
          break;
        case 1:
          statuses[i] = DrawFree(static_cast<int>(i), a, 1).status();
          break;
        case 2:
          statuses[i] = SendBack(a, 1).status();
          break;
        default:
          statuses[i] = Adjust(Adjusted(a, -1)).status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK") << status;
    }
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(Shelf(a).on_hand, 0);
  ExpectSoundLedger();
}

TEST_F(CorrectionTest, TheAuditDraftSaysWhyAndHowMany) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  const CallContext call = Manager();
  ASSERT_TRUE(Run(corrections_, &CorrectionOperations::AdjustStock, Adjusted(a, -2), call).ok());
  EXPECT_EQ(call.audit.facts.at("reason"), "LOST");
  EXPECT_EQ(call.audit.facts.at("ampoules"), "-2");
}

}  // namespace
}  // namespace meso::inventory
