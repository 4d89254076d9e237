// What is recorded as given out of containers: accounted for, flagged, never refused.
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/container_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class ContainerRecordsTest : public ContainerFixture {};

TEST_F(ContainerRecordsTest, TheRecordAccountsForWhatWasTakenOut) {
  const OpenedContainer vial = OpenVial();
  ASSERT_TRUE(TakeOut(1, vial.name, 1000).ok());
  const auto part = Record(1, "PT-1", {GivenOf(vial, 600)});
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_THAT(part->deviations, IsEmpty());
  ASSERT_THAT(part->outstanding, SizeIs(1)) << "400 are neither given nor thrown away";
  EXPECT_EQ(part->outstanding[0].accounted_microlitres, 600);
  const auto rest = Record(1, "PT-1", {GivenOf(vial, 300, 100)});
  EXPECT_THAT(rest->deviations, IsEmpty());
  EXPECT_THAT(rest->outstanding, IsEmpty());
  const auto read = Run(&InventoryOperations::GetAdministration, rest->name);
  EXPECT_EQ(read->lots[0].container, vial.name);
  EXPECT_EQ(read->lots[0].wasted_microlitres, 100);
  ExpectSoundLedger();
}

TEST_F(ContainerRecordsTest, AFactIsNeverRefusedItIsFlagged) {
  const OpenedContainer vial = OpenVial();
  EXPECT_THAT(Codes(*Record(1, "PT-1", {GivenOf(vial, 1000)})), ElementsAre("NOT_DRAWN"));
  EXPECT_EQ(Get(vial.name)->remaining, 9000) << "the volume is taken out now";
  EXPECT_THAT(Codes(*Record(2, "PT-2", {GivenOf(vial, 9001)})),
              ElementsAre("NOT_DRAWN", "OVER_VOLUME"));
  const auto empty = Get(vial.name);
  EXPECT_EQ(empty->state, ContainerState::kEmpty);
  EXPECT_EQ(empty->drawn, 10000) << "what it never held is in no book";
  EXPECT_THAT(Codes(*Record(3, "PT-3", {GivenOf(vial, 1)})),
              ElementsAre("NOT_DRAWN", "OVER_VOLUME"));
  ExpectRefused(Record(3, "PT-3", {[&] {
                         AdministeredLot line = GivenOf(vial, 1);
                         line.container = ContainerName("sites/par-1/containers/" + Uuid(5));
                         return line;
                       }()})
                    .status(),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  ExpectRefused(Record(3, "PT-3", {[&] {
                         AdministeredLot line = GivenOf(vial, 1);
                         line.lot = a;
                         return line;
                       }()})
                    .status(),
                Code::kInvalidArgument, "FIELD_INVALID");
}

// The day's vial, opened at eleven and drawn from at noon; the times of records are hours of it.
class LateVolumesTest : public ContainerRecordsTest {
 protected:
  LateVolumesTest() : vial_(OpenVial()) {
    database_.clock().Advance(absl::Hours(1));
    EXPECT_TRUE(TakeOut(1, vial_.name, 4000).ok());
    database_.clock().Advance(absl::Hours(4));
  }

  absl::Time At(int hour) const { return vial_.open_time + absl::Hours(hour - 11); }
  absl::StatusOr<Administration> RecordAt(int hour, int n, int64_t microlitres) {
    Administration record;
    record.appointment = AppointmentOf(n);
    record.patient = PatientName(absl::StrCat("patients/PT-", n));
    record.practitioner = "practitioners/pr-01";
    record.occurred_time = At(hour);
    record.lots = {GivenOf(vial_, microlitres)};
    return Run(&InventoryOperations::RecordAdministration, record);
  }
  absl::Time DrawTime(int n) { return Get(vial_.name)->DrawOf(AppointmentOf(n)).draw_time; }
  // The container is empty since `hour`, and the ledger's line says the same.
  void ExpectClosedAt(int hour) {
    const auto empty = Get(vial_.name);
    EXPECT_EQ(empty->state, ContainerState::kEmpty);
    EXPECT_EQ(empty->close_time, At(hour));
    const std::vector<Movement> lines = Lines(MovementKind::kClose);
    ASSERT_THAT(lines, SizeIs(1));
    EXPECT_EQ(lines[0].OccurredTime(), At(hour));
    EXPECT_EQ(lines[0].record_time, Now());
    ExpectSoundLedger();
  }

  const OpenedContainer vial_;
};

TEST_F(LateVolumesTest, ARecordOfBeforeTheOpeningClosesAtTheLastDraw) {
  ASSERT_TRUE(RecordAt(9, 2, 6000).ok());
  EXPECT_EQ(DrawTime(1), At(12));
  EXPECT_EQ(DrawTime(2), At(11)) << "nothing came out of it before it was opened";
  ExpectClosedAt(12);
}

TEST_F(LateVolumesTest, ARecordOfBetweenClosesWhenItSays) {
  ASSERT_TRUE(RecordAt(14, 2, 6000).ok());
  EXPECT_EQ(DrawTime(2), At(14));
  ExpectClosedAt(14);
}

TEST_F(LateVolumesTest, AnEarlierRecordDoesNotMakeALaterDrawEarlier) {
  ASSERT_TRUE(RecordAt(11, 1, 5000).ok());
  EXPECT_EQ(DrawTime(1), At(12)) << "4000 were drawn then";
  ASSERT_TRUE(RecordAt(13, 1, 1000).ok());
  EXPECT_EQ(DrawTime(1), At(13));
  ASSERT_TRUE(RecordAt(10, 1, 4000).ok());
  ExpectClosedAt(13);
}

TEST_F(LateVolumesTest, TheUseIsOfTheDayItWasGivenOn) {
  database_.clock().Advance(absl::Hours(48));
  ASSERT_TRUE(RecordAt(13, 2, 6000).ok());
  ExpectClosedAt(13);
  const auto days = database_->Read([&](Transaction& tx) -> absl::Status {
    const auto rows = tx.Query("SELECT day, ampoules FROM daily_use ORDER BY day", {});
    if (!rows.ok()) return rows.status();
    EXPECT_THAT(*rows, SizeIs(1));
    const absl::TimeZone zone = *FindTimeZone("Europe/Paris");
    EXPECT_EQ(rows->front().Text(0), FormatDate(DateAt(At(13), zone)));
    EXPECT_EQ(rows->front().Int(1), 1);
    return absl::OkStatus();
  });
  EXPECT_TRUE(days.ok()) << days;
}

TEST_F(ContainerRecordsTest, GivingPastTheBeyondUseTimeIsFlaggedAsOfWhenItWasGiven) {
  const OpenedContainer vial = OpenVial();
  ASSERT_TRUE(TakeOut(1, vial.name, 1000).ok());
  Administration record;
  record.appointment = AppointmentOf(1);
  record.patient = PatientName("patients/PT-1");
  record.practitioner = "practitioners/pr-01";
  record.lots = {GivenOf(vial, 400)};
  database_.clock().Advance(absl::Hours(24 * 29));
  record.occurred_time = vial.beyond_use_time - absl::Seconds(1);
  EXPECT_THAT(Run(&InventoryOperations::RecordAdministration, record)->deviations, IsEmpty());
  record.occurred_time = vial.beyond_use_time;
  const CallContext call = Manager();
  EXPECT_THAT(Codes(*Run(&InventoryOperations::RecordAdministration, record, call)),
              ElementsAre("CONTAINER_BEYOND_USE"));
  EXPECT_TRUE(call.audit.violation);
}

TEST_F(ContainerRecordsTest, TheCapOfASessionCountsUnitsVolumesAndEarlierRecords) {
  Change("B", [](Product& b) { b.session_microlitres_max = 10500; });
  const OpenedContainer vial = OpenVial("B1");
  const LotName whole = Receive("B", "B2", "2027-12-31", 5);
  ASSERT_TRUE(TakeOut(1, vial.name, 2000).ok());
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", whole, 1, FefoOverride::kDoctorDecision}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  EXPECT_THAT(Codes(*Record(1, "PT-1", {GivenOf(vial, 500)})), IsEmpty());
  EXPECT_THAT(Codes(*Record(1, "PT-1", {Given(whole, 1)})), IsEmpty()) << "10500 exactly";
  EXPECT_THAT(Codes(*Record(1, "PT-1", {GivenOf(vial, 1)})), ElementsAre("OVER_DOSE"));
  EXPECT_THAT(Codes(*Record(1, "PT-1", {GivenOf(vial, 0, 1)})), ElementsAre("OVER_DOSE"))
      << "the session is over its cap, whatever is added";
}

}  // namespace
}  // namespace meso::inventory
