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

using DrawTest = InventoryFixture;

DrawItem Item(const LotName& lot, int64_t ampoules = 1) { return {"", lot, ampoules, {}}; }

std::vector<std::string> Codes(const Administration& record) {
  std::vector<std::string> codes;
  for (const Deviation& deviation : record.deviations) codes.push_back(deviation.code);
  return codes;
}

TEST_F(DrawTest, DrawingWhatWasReservedEndsInDrawnAlsoBeforeTheBookingIsToldOf) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const auto drawn = Draw(1);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(drawn->reservation->state, ReservationState::kDrawn);
  EXPECT_THAT(drawn->drawn, SizeIs(3));
  EXPECT_EQ(Shelf(a).on_hand, 0);
  EXPECT_EQ(Shelf(a).drawn, 2);
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kDrawn);
  EXPECT_EQ(ReasonOf(Draw(1).status()), "STATE_NOT_ALLOWED");
  ExpectSoundLedger();
}

TEST_F(DrawTest, ScannedAmpoulesAreDrawnOneByOne) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  const DrawItem a{"]d201095212340001121727063010A1", LotName(), 1, {}};
  const DrawItem b{"]d201095212340003341727063010B1", LotName(), 1, {}};
  const DrawItem c{"]d201095212340013241727063010C1", LotName(), 1, {}};
  EXPECT_EQ(Draw(1, {a})->reservation->state, ReservationState::kConfirmed);
  EXPECT_EQ(Draw(1, {a, b})->reservation->state, ReservationState::kConfirmed);
  EXPECT_EQ(Draw(1, {c})->reservation->state, ReservationState::kDrawn);
  EXPECT_EQ(ReasonOf(Draw(1, {c}).status()), "STATE_NOT_ALLOWED");
  ExpectSoundLedger();
}

TEST_F(DrawTest, AScanThatDisagreesWithTheBooksIsRefused) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const std::pair<const char*, const char*> cases[] = {
      {"]d201095212340001121727053110A1", "LOT_MISMATCH"},
      {"]d201095212340001121727063010A9", "RESOURCE_NOT_FOUND"},
      {"]d201095201234567881727063010A1", "UNKNOWN_GTIN"},
      {"]d2010952123400011217270630", "SCAN_AMBIGUOUS"},
      {"]d201095212340001131727063010A1", "CHECK_DIGIT_WRONG"},
      {"]d2", "SCAN_UNREADABLE"}};
  for (const auto& [scan, reason] : cases) {
    EXPECT_EQ(ReasonOf(Draw(1, {{scan, LotName(), 1, {}}}).status()), reason) << scan;
  }
}

TEST_F(DrawTest, NothingHeldExpiredOrRecalledPassesTheGate) {
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  const LotName a = Receive("A", "A1", "2026-11-20", 9);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  database_.clock().Advance(absl::Hours(14) - absl::Seconds(1));  // the last second of its last day
  DrawRequest free;
  free.appointment = AppointmentOf(9);
  free.items = {Item(a)};
  EXPECT_TRUE(Run(&InventoryOperations::DrawStock, free).ok());
  database_.clock().Advance(absl::Seconds(1));
  EXPECT_EQ(ReasonOf(Draw(1).status()), "LOT_EXPIRED");
  const LotName fresh = Receive("A", "A2", "2027-06-30", 9);
  free.items = {Item(fresh)};
  ASSERT_TRUE(Quarantine(fresh).ok());
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, free).status()), "LOT_QUARANTINED");
  ASSERT_TRUE(CallBack({fresh}).ok());
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, free).status()), "LOT_RECALLED");
  ExpectSoundLedger();
}

TEST_F(DrawTest, AHoldOnTheReservedLotStopsTheDraw) {
  Stock(1);
  const LotName a = Receive("A", "A0", "2027-01-01", 2);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Quarantine(a, kParis).ok());
  EXPECT_EQ(ReasonOf(Draw(1).status()), "STATE_NOT_ALLOWED");
  RunPendingWork();
  EXPECT_TRUE(Draw(1).ok());
  EXPECT_EQ(Shelf(a).on_hand, 2);
  ExpectSoundLedger();
}

TEST_F(DrawTest, ALaterLotNeedsAReasonAndThenStandsInForTheReservedOne) {
  Stock(1);
  const LotName early = Receive("A", "A0", "2027-01-01", 2);
  const LotName late = Receive("A", "A9", "2027-12-31", 5);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  EXPECT_EQ(Shelf(early).reserved, 2);
  DrawItem item = Item(late, 2);
  EXPECT_EQ(ReasonOf(Draw(1, {item}).status()), "NOT_FEFO");
  item.fefo_override = FefoOverride::kDamaged;
  const auto drawn = Draw(1, {item});
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(Shelf(early).reserved, 0);
  EXPECT_EQ(Shelf(late).drawn, 2);
  EXPECT_EQ(ReasonOf(Draw(1, {Item(early)}).status()), "STATE_NOT_ALLOWED")
      << "the recipe has its two";
  ExpectSoundLedger();
}

TEST_F(DrawTest, TheLotThatWasStoodInForGoesToABookingThatWaits) {
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  Receive("A", "A1", "2027-06-30", 2);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  // The second session is the next day, when the stand-in is over its date.
  ASSERT_TRUE(Book(2, absl::Hours(24)).ok());
  ASSERT_EQ(Reservations(2)->state, ReservationState::kInvalidated);
  const LotName today = Receive("A", "A0", "2026-11-20", 2);
  RunPendingWork();
  ASSERT_EQ(Reservations(2)->state, ReservationState::kInvalidated);
  ASSERT_TRUE(Draw(1, {Item(today, 2)}).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(2)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

// Every draw that succeeds is held against what is stored: InventoryFixture::Draw.
TEST_F(DrawTest, TheAnswerShowsTheReservationAsItIsStored) {
  Stock(2);
  const LotName early = Receive("A", "A0", "2027-01-01", 4);
  const LotName late = Receive("A", "A9", "2027-12-31", 5);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  DrawItem item = Item(late, 1);
  item.fefo_override = FefoOverride::kDamaged;
  for (const std::vector<DrawItem>& items : {std::vector{Item(early, 1)}, {item}, {}}) {
    const auto drawn = Draw(1, items);
    ASSERT_TRUE(drawn.ok()) << drawn.status();
    EXPECT_EQ(drawn->reservation->revision, Reservations(1)->revision);
  }
  EXPECT_EQ(Reservations(1)->state, ReservationState::kDrawn);
}

TEST_F(DrawTest, AHoldCountsAlthoughTheClockSteppedBackSince) {
  Stock(1);
  const LotName a = Receive("A", "A0", "2027-01-01", 2);
  ASSERT_TRUE(Quarantine(a).ok());
  database_.clock().Advance(-absl::Minutes(5));
  DrawRequest draw;
  draw.appointment = AppointmentOf(9);
  draw.items = {Item(a)};
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, draw).status()), "LOT_QUARANTINED");
  ASSERT_TRUE(Reserve(1).ok());
  EXPECT_EQ(Shelf(a).reserved, 0);
}

TEST_F(DrawTest, AnEarlierLotThatCameSinceMayStandInWithoutAReason) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const LotName early = Receive("A", "A0", "2027-01-01", 1);
  EXPECT_TRUE(Draw(1, {Item(early)}).ok());
  const auto rest = Draw(1);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->reservation->state, ReservationState::kDrawn);
  EXPECT_THAT(rest->drawn, SizeIs(4));
  ExpectSoundLedger();
}

TEST_F(DrawTest, WithoutReservationOnlyUnreservedUnitsCanBeDrawn) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  DrawRequest request;
  request.appointment = AppointmentOf(2);
  request.items = {Item(a, 2)};
  const absl::Status status = Run(&InventoryOperations::DrawStock, request).status();
  EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK");
  EXPECT_EQ(DetailsOf(status).metadata.at("free"), "1");
  request.items = {Item(a, 1)};
  EXPECT_TRUE(Run(&InventoryOperations::DrawStock, request).ok());
}

TEST_F(DrawTest, AReservationServesOneAppointmentAtItsSite) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  DrawRequest request;
  request.reservation = ReservationOf(1);
  request.appointment = AppointmentOf(2);
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, request).status()), "STATE_NOT_ALLOWED");
  request.appointment = AppointmentOf(1, kSydney);
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, request).status()), "RESOURCE_NOT_FOUND");
}

TEST_F(DrawTest, AReservationThatIsNotBookedYetBelongsToTheAppointmentThatFirstDraws) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const DrawItem a{"]d201095212340001121727063010A1", LotName(), 1, {}};
  ASSERT_TRUE(Draw(1, {a}).ok());
  EXPECT_EQ(Reservations(1)->appointment, AppointmentOf(1));
  DrawRequest request;
  request.reservation = ReservationOf(1);
  request.appointment = AppointmentOf(2);
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, request).status()), "STATE_NOT_ALLOWED");
}

TEST_F(DrawTest, TwoHundredDrawersOfTenAmpoulesGetExactlyTen) {
  const LotName a = Receive("A", "A1", "2027-06-30", 10);
  std::vector<absl::Status> answers(200);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int n = t; n < 200; n += 8) {
        DrawRequest request;
        request.appointment = AppointmentOf(n + 1);
        request.items = {Item(a)};
        answers[n] = Run(&InventoryOperations::DrawStock, request).status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int drawn = 0;
  for (const absl::Status& status : answers) {
    if (status.ok()) ++drawn;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK") << status;
    }
  }
  EXPECT_EQ(drawn, 10);
  EXPECT_EQ(Shelf(a).drawn, 10);
  ExpectSoundLedger();
}

TEST_F(DrawTest, RecordingWhatWasDrawnAccountsForItAndBreaksNoRule) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  const LotName b = Receive("B", "B1", "2027-06-30", 1);
  const LotName c = Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  const auto first = Record(1, "PT-1", {Given(a, 1, 1), Given(b, 1)});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Codes(*first), IsEmpty());
  ASSERT_THAT(first->outstanding, SizeIs(1));
  EXPECT_EQ(first->outstanding[0].lot, c);
  const auto second = Record(1, "PT-1", {Given(c, 1)});
  EXPECT_THAT(second->outstanding, IsEmpty());
  ExpectSoundLedger();
}

TEST_F(DrawTest, AFactIsRecordedWhateverRuleItBroke) {
  const LotName a = Receive("A", "A1", "2026-11-21", 3);
  ASSERT_TRUE(CallBack({a}).ok());
  database_.clock().Advance(absl::Hours(48));
  const auto record = Record(1, "PT-1", {Given(a, 5)});
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_THAT(Codes(*record),
              ElementsAre("LOT_RECALLED", "LOT_EXPIRED", "NOT_DRAWN", "STOCK_NOT_ON_RECORD"));
  EXPECT_EQ(Shelf(a).on_hand, 0);
  const auto other = Record(1, "PT-2", {Given(a, 1)});
  EXPECT_THAT(Codes(*other), Contains("PATIENT_MISMATCH"));
  const auto trace = Run(&InventoryOperations::TracePatient, PatientName("patients/PT-1"));
  ASSERT_THAT(trace->lines, SizeIs(1));
  EXPECT_THAT(trace->lines[0].administration.deviations, SizeIs(4));
  ExpectSoundLedger();
}

TEST_F(DrawTest, AnUndrawnUnitIsTakenFromTheNewestReservationWhichLooksForAnother) {
  const LotName a = Receive("A", "A1", "2027-06-30", 4);
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Reserve(2, absl::Hours(1)).ok());
  ASSERT_TRUE(Record(9, "PT-1", {Given(a, 1)}).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kInvalidated);
  EXPECT_THAT(Reservations(2)->invalid_reasons, ElementsAre("STOCK_TAKEN"));
  RunPendingWork();
  EXPECT_EQ(Reservations(2)->state, ReservationState::kInvalidated) << "no other lot yet";
  Receive("A", "A2", "2027-06-30", 1);
  RunPendingWork();
  EXPECT_EQ(Reservations(2)->state, ReservationState::kReserved);
  ExpectSoundLedger();
}

TEST_F(DrawTest, AnUndrawnUnitIsTakenFromALapsedReservationRatherThanFromABooking) {
  const LotName a = Receive("A", "A1", "2027-06-30", 4);
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  ASSERT_TRUE(Reserve(1, absl::Hours(72)).ok());
  ASSERT_TRUE(Reserve(2, absl::Hours(72)).ok());
  ASSERT_TRUE(Book(2, absl::Hours(72)).ok());
  database_.clock().Advance(absl::Hours(24));
  ASSERT_TRUE(Record(9, "PT-1", {Given(a, 2)}).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
