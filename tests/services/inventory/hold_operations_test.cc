#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "meso/inventory/v1/events.pb.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using HoldTest = InventoryFixture;

TEST_F(HoldTest, ARecallInvalidatesItsReservationsAndOnesWithOtherStockHeal) {
  Stock(3);
  const LotName bad = Receive("A", "BAD", "2027-01-01", 4);
  const LotName spare = Receive("A", "SPARE", "2027-12-31", 2);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Reserve(2).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_TRUE(Book(2).ok());
  ASSERT_TRUE(Reserve(3).ok());  // takes two of the remaining six of lot A1
  const int64_t before = static_cast<int64_t>(Events().size());
  const auto recall = CallBack({bad});
  ASSERT_TRUE(recall.ok()) << recall.status();
  EXPECT_THAT(recall->reach.reservations, ElementsAre(ReservationOf(1), ReservationOf(2)));
  EXPECT_THAT(recall->reach.appointments, ElementsAre(AppointmentOf(1), AppointmentOf(2)));
  ASSERT_THAT(recall->reach.stock_levels, SizeIs(1));
  EXPECT_THAT(recall->reach.stock_levels[0].reasons, ElementsAre("LOT_RECALLED"));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_THAT(Events(before),
              ElementsAre("LotRecalled", "ReservationInvalidated", "ReservationInvalidated"));
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Shelf(bad).reserved, 0);
  EXPECT_EQ(Shelf(spare).reserved, 0) << "the first expiring usable lot is taken";
  ExpectSoundLedger();
}

TEST_F(HoldTest, OfTwoSessionsOneHealsAndTheOtherWaitsForStock) {
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  const LotName bad = Receive("A", "BAD", "2027-01-01", 4);
  Receive("A", "SPARE", "2027-12-31", 2);
  for (int n : {1, 2}) {
    ASSERT_TRUE(Reserve(n).ok());
    ASSERT_TRUE(Book(n).ok());
  }
  ASSERT_TRUE(CallBack({bad}).ok());
  RunPendingWork();
  const ReservationState first = Reservations(1)->state;
  const ReservationState second = Reservations(2)->state;
  EXPECT_NE(first, second);
  EXPECT_TRUE(first == ReservationState::kConfirmed || second == ReservationState::kConfirmed);
  Receive("A", "NEW", "2027-12-31", 2);
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(HoldTest, HoldsStackAndTheLotIsUsableWhenTheLastIsGone) {
  Stock(1);
  const LotName a = Receive("A", "A0", "2027-01-01", 2);
  const auto everywhere = Quarantine(a);
  ASSERT_TRUE(everywhere.ok());
  const auto both = Quarantine(a, kParis);
  ASSERT_THAT(both->holds, SizeIs(2));
  EXPECT_NE(everywhere->revision, both->revision);
  ASSERT_TRUE(Release(a, {both->holds[0].hold_id}).ok());
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", a, 1, {}}};
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::DrawStock, draw).status()), "LOT_QUARANTINED");
  ASSERT_TRUE(Release(a).ok());
  EXPECT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  EXPECT_EQ(ReasonOf(Release(a).status()), "STATE_NOT_ALLOWED");
  EXPECT_EQ(ReasonOf(Release(a, {Uuid(9)}).status()), "STATE_NOT_ALLOWED");
}

TEST_F(HoldTest, ARecallsHoldIsNotReleasedByHand) {
  const LotName a = Receive("A", "A0", "2027-01-01", 2);
  ASSERT_TRUE(CallBack({a}).ok());
  EXPECT_EQ(ReasonOf(Release(a).status()), "STATE_NOT_ALLOWED");
  const auto lot = Run(&InventoryOperations::GetLot, a);
  const absl::Status named = Release(a, {lot->holds[0].hold_id}).status();
  EXPECT_EQ(ReasonOf(named), "STATE_NOT_ALLOWED");
  EXPECT_EQ(DetailsOf(named).metadata.at("allowed"),
            "QUARANTINE or EXCURSION: a recalled lot stays held, also when the recall is closed");
}

TEST_F(HoldTest, ReleasingALotHealsWhatItInvalidated) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Quarantine(a, kParis).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ASSERT_TRUE(Release(a).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
  EXPECT_THAT(Events(), Contains("LotReleased"));
  EXPECT_EQ(Events().back(), "ReservationReallocated");
  ExpectSoundLedger();
}

TEST_F(HoldTest, AHoldAtOneSiteLeavesTheOthersReservationsAlone) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  Receive("A", "A1", "2027-06-30", 2, kSydney);
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Quarantine(a, kSydney).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
}

TEST_F(HoldTest, AHoldNeedsTheRoleWhereItHolds) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  HoldRequest request;
  request.lot = a;
  request.reason = HoldReason::kDamaged;
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::QuarantineLot, request, AtSite("par-1")).status()),
            "SITE_FORBIDDEN");
  request.site = kSydney;
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::QuarantineLot, request, AtSite("par-1")).status()),
            "SITE_FORBIDDEN");
  request.site = kParis;
  EXPECT_TRUE(Run(&InventoryOperations::QuarantineLot, request, AtSite("par-1")).ok());
  ASSERT_TRUE(Quarantine(a).ok());
  ReleaseRequest release;
  release.lot = a;
  const auto left = Run(&InventoryOperations::ReleaseLot, release, AtSite("par-1"));
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReleaseLot, release, AtSite("par-1")).status()),
            "SITE_FORBIDDEN");
}

TEST_F(HoldTest, AStaleEtagIsRefused) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  HoldRequest request;
  request.lot = a;
  request.reason = HoldReason::kDamaged;
  request.etag = "r1";
  ASSERT_TRUE(Run(&InventoryOperations::QuarantineLot, request).ok());
  const absl::Status status = Run(&InventoryOperations::QuarantineLot, request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), "ETAG_MISMATCH");
}

TEST_F(HoldTest, ADrawnAmpouleOfARecalledLotNamesItsAppointment) {
  Stock(1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const auto drawn = Draw(1);
  ASSERT_TRUE(drawn.ok());
  ASSERT_TRUE(CallBack({drawn->drawn[0].lot}).ok());
  bool named = false;
  ASSERT_TRUE(database_
                  ->Read([&](Transaction& tx) -> absl::Status {
                    const auto events = ListEventsAfter(tx, 0, 100);
                    for (const OutboxEvent& event : *events) {
                      named |= event.type == "meso.inventory.v1.LotRecalled" &&
                               event.data.find(AppointmentOf(1).value()) != std::string::npos;
                    }
                    return events.status();
                  })
                  .ok());
  EXPECT_TRUE(named);
}

TEST_F(HoldTest, ARecallReachesSessionsWithDrawnAmpoulesNotRecordedYet) {
  Stock(2);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  const auto drawn = Draw(1);
  ASSERT_TRUE(drawn.ok());
  const auto recall = CallBack({drawn->drawn[0].lot});
  ASSERT_TRUE(recall.ok());
  EXPECT_THAT(recall->reach.appointments, ElementsAre(AppointmentOf(1)));
  EXPECT_THAT(recall->reach.reservations, IsEmpty());
  const auto sydney = Run(&InventoryOperations::GetRecall, recall->name, AtSite("syd-1"));
  EXPECT_THAT(sydney->reach.appointments, IsEmpty());
}

TEST_F(HoldTest, ARecallCountsEveryPatientThoughItNamesAThousandRecords) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2000);
  const LotName b = Receive("B", "B1", "2027-06-30", 10);
  const absl::Status written = database_->Transact([&](Transaction& tx) {
    absl::Status status;
    for (int n = 1; n <= 1002 && status.ok(); ++n) {
      Administration record;
      record.appointment = AppointmentOf(n);
      record.patient = PatientName(absl::StrCat("patients/PT-", n));
      record.practitioner = "practitioners/pr-01";
      record.occurred_time = database_.clock().Now();
      record.lots = {Given(a, 1)};
      status = operations_.RecordAdministration(tx, Manager(), record).status();
    }
    return status;
  });
  ASSERT_TRUE(written.ok()) << written;
  ASSERT_TRUE(Record(1002, "PT-1002", {Given(b, 1)}).ok());
  ASSERT_TRUE(Record(1003, "PT-1003", {Given(b, 1)}).ok());
  const auto recall = CallBack({a, b});
  ASSERT_TRUE(recall.ok());
  EXPECT_EQ(recall->reach.patients_exposed, 1003);
  const auto sydney = Run(&InventoryOperations::GetRecall, recall->name, AtSite("syd-1"));
  EXPECT_EQ(sydney->reach.patients_exposed, 0);
}

TEST_F(HoldTest, AReleaseTellsWhereTheLotIsStillHeld) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const auto everywhere = Quarantine(a);
  const auto paris = Quarantine(a, kParis);
  ASSERT_TRUE(Quarantine(a, kSydney).ok());
  std::string in_paris, in_all;
  for (const Hold& hold : paris->holds) (hold.site.empty() ? in_all : in_paris) = hold.hold_id;
  const auto told = [&] {
    v1::LotReleased released;
    const absl::Status read = database_->Read([&](Transaction& tx) -> absl::Status {
      const auto events = ListEventsAfter(tx, 0, 100);
      if (events.ok()) released.ParseFromString(events->back().data);
      return events.status();
    });
    EXPECT_TRUE(read.ok());
    return released;
  };
  ASSERT_TRUE(Release(a, {in_paris}).ok());
  EXPECT_FALSE(told().usable()) << "it is held everywhere";
  ASSERT_TRUE(Release(a, {in_all}).ok());
  EXPECT_TRUE(told().usable());
  EXPECT_THAT(told().held_sites(), ElementsAre(kSydney.value()));
  ASSERT_TRUE(Release(a).ok());
  EXPECT_TRUE(told().usable());
  EXPECT_THAT(told().held_sites(), IsEmpty());
}

TEST_F(HoldTest, ATraceOfALotIsCompleteAndSaysWhatACallerMayNotSee) {
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  Receive("A", "A1", "2027-06-30", 3, kSydney);
  Receive("B", "B1", "2027-06-30", 9);
  Receive("C", "C1", "2027-06-30", 9);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Record(2, "PT-7", {Given(a, 1)}).ok());
  ASSERT_TRUE(Record(3, "PT-3", {Given(a, 1)}).ok());
  ASSERT_TRUE(CallBack({a}).ok());
  const auto trace = Run(&InventoryOperations::TraceLot, a);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_THAT(trace->patients,
              ElementsAre(PatientName("patients/PT-3"), PatientName("patients/PT-7")));
  EXPECT_THAT(trace->stock_levels, SizeIs(2));
  EXPECT_THAT(trace->reservations, SizeIs(1));
  EXPECT_THAT(trace->recalls, SizeIs(1));
  EXPECT_FALSE(trace->restricted);
  const auto sydney = Run(&InventoryOperations::TraceLot, a, AtSite("syd-1"));
  EXPECT_THAT(sydney->patients, IsEmpty());
  EXPECT_THAT(sydney->stock_levels, SizeIs(1));
  EXPECT_TRUE(sydney->restricted);
}

TEST_F(HoldTest, ATraceNamesTheSessionsThatHaveDrawnAndNotRecorded) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", a, 3, {}}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  draw.appointment = AppointmentOf(2);
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  ASSERT_TRUE(Record(2, "PT-7", {Given(a, 1)}).ok());
  draw.appointment = AppointmentOf(3);
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  ASSERT_TRUE(Record(3, "PT-3", {Given(a, 2, 1)}).ok());
  const auto trace = Run(&InventoryOperations::TraceLot, a);
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_THAT(trace->open_draws, SizeIs(2)) << "the third is all accounted for";
  EXPECT_EQ(trace->open_draws[0].appointment, AppointmentOf(1));
  EXPECT_EQ(trace->open_draws[0].site, kParis);
  EXPECT_EQ(trace->open_draws[0].patient, PatientName()) << "nobody said who";
  EXPECT_EQ(trace->open_draws[0].ampoules, 3);
  EXPECT_EQ(trace->open_draws[0].microlitres, 0);
  EXPECT_EQ(trace->open_draws[1].appointment, AppointmentOf(2));
  EXPECT_EQ(trace->open_draws[1].patient, PatientName("patients/PT-7"));
  EXPECT_EQ(trace->open_draws[1].ampoules, 2);
  const auto sydney = Run(&InventoryOperations::TraceLot, a, AtSite("syd-1"));
  EXPECT_THAT(sydney->open_draws, IsEmpty());
  EXPECT_TRUE(sydney->restricted);
}

TEST_F(HoldTest, APatientsHistoryFollowsTheChainNewestFirst) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  for (int n = 1; n <= 3; ++n) {
    ASSERT_TRUE(Record(n, "PT-1", {Given(a, 1)}).ok());
    ASSERT_TRUE(Record(10 + n, "PT-2", {Given(a, 1)}).ok());
  }
  const auto trace = Run(&InventoryOperations::TracePatient, PatientName("patients/PT-1"));
  ASSERT_THAT(trace->lines, SizeIs(3));
  EXPECT_EQ(trace->lines[0].administration.appointment, AppointmentOf(3));
  EXPECT_EQ(trace->lines[2].administration.appointment, AppointmentOf(1));
  EXPECT_TRUE(Run(&InventoryOperations::TracePatient, PatientName("patients/PT-9"))->lines.empty());
}

TEST_F(HoldTest, WorkNobodyCalledForLeavesItsAuditEntry) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  std::vector<AuditRecord> records;
  ASSERT_TRUE(database_
                  ->Read([&](Transaction& tx) -> absl::Status {
                    const auto found = ListAuditAfter(tx, 0, 100);
                    if (found.ok()) records = *found;
                    return found.status();
                  })
                  .ok());
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].actor, "services/inventory");
  EXPECT_EQ(records[0].object_name, ReservationOf(1).value());
  EXPECT_THAT(records[0].keys, Contains(std::pair<std::string, std::string>(
                                   "appointment", AppointmentOf(1).value())));
}

}  // namespace
}  // namespace meso::inventory
