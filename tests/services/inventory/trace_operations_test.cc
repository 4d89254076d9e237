// Lots with very many records: what a trace and a recall answer about them, and how they are read
// page by page.
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/filter.h"
#include "services/inventory/recall_operations.h"
#include "services/inventory/store/stock_store.h"
#include "tests/services/inventory/inventory_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class ManyRecordsTest : public InventoryFixture {
 protected:
  // Paris, or so many sites in turn, have given units of the lot `count` times, for all that the
  // records say.
  void GiveOften(const LotName& lot, int64_t count, int64_t sites = 1) {
    const absl::Status status = database_->Transact([&](Transaction& tx) -> absl::Status {
      const auto stored = LoadLot(tx, lot);
      if (!stored.ok()) return stored.status();
      const absl::Status given = tx.Execute(
          "INSERT INTO administration (name, appointment, site, patient, practitioner, "
          "occurred_time_us, record_time_us, recorder, deviations, patient_previous) "
          "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT "
          "printf('administrations/00000000-0000-4000-8000-%012d', i), "
          "printf('sites/par-1/appointments/00000000-0000-4000-8000-%012d', i), CASE i % $2 WHEN 0 "
          "THEN 'sites/par-1' ELSE 'sites/s-' || (i % $2) END, "
          "'patients/PT-' || i, 'practitioners/pr-01', 1, 1, 'users/nurse', 0, 0 FROM n",
          {count, sites});
      if (!given.ok()) return given;
      return tx.Execute(
          "INSERT INTO administered_lot (administration, position, lot, ampoules, microlitres, "
          "wasted, container, wasted_microlitres) SELECT id, 0, $1, 1, 0, 0, '', 0 FROM "
          "administration",
          {(*stored)->row});
    });
    ASSERT_TRUE(status.ok()) << status;
  }
  // Sydney gives one.
  AdministrationName GiveInSydney(const LotName& lot) {
    Administration record;
    record.appointment = AppointmentOf(7, kSydney);
    record.patient = PatientName("patients/PT-SYD");
    record.practitioner = "practitioners/pr-01";
    record.occurred_time = database_.clock().Now();
    record.lots = {Given(lot, 1)};
    const auto kept = Run(&InventoryOperations::RecordAdministration, record);
    EXPECT_TRUE(kept.ok()) << kept.status();
    return kept->name;
  }
  absl::StatusOr<Page<Administration>> OfLot(const LotName& lot, int size,
                                             const std::string& after = "") {
    SitePageQuery query;
    query.page.size = size;
    query.page.after = after;
    query.page.filter = *ParseFilter(absl::StrCat("lot = \"", lot.value(), "\""),
                                     {"appointment", "deviation", "lot"});
    return Run(&InventoryOperations::ListAdministrations, query);
  }
};

TEST_F(ManyRecordsTest, ATraceIsRefusedForWhatItsCallerMaySeeOnly) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 5);
  Receive("A", "A1", "2027-06-30", 5, kSydney);
  GiveOften(lot, 10001);
  const AdministrationName own = GiveInSydney(lot);
  const auto sydney = Run(&InventoryOperations::TraceLot, lot, AtSite("syd-1"));
  ASSERT_TRUE(sydney.ok()) << sydney.status();
  ASSERT_THAT(sydney->administrations, SizeIs(1));
  EXPECT_EQ(sydney->administrations[0].name, own);
  EXPECT_THAT(sydney->patients, ElementsAre(PatientName("patients/PT-SYD")));
  EXPECT_TRUE(sydney->restricted);
  for (const CallContext& call : {Manager(), AtSite("par-1")}) {
    const absl::Status refused = Run(&InventoryOperations::TraceLot, lot, call).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
    EXPECT_EQ(ReasonOf(refused), "RANGE_TOO_LARGE");
  }
}

TEST_F(ManyRecordsTest, TenThousandAreTraced) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 5);
  GiveOften(lot, 10000);
  const auto trace = Run(&InventoryOperations::TraceLot, lot);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_THAT(trace->administrations, SizeIs(10000));
  EXPECT_FALSE(trace->restricted);
}

TEST_F(ManyRecordsTest, HowManySitesGaveItDoesNotMatter) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 5);
  GiveOften(lot, 100, 20);
  FaultyDatabase counted(*database_);
  const absl::Status status = counted.Read([&](Transaction& tx) -> absl::Status {
    const auto trace = operations_.TraceLot(tx, Manager(), lot);
    if (!trace.ok()) return trace.status();
    EXPECT_THAT(trace->administrations, SizeIs(100));
    for (size_t i = 1; i < trace->administrations.size(); ++i) {
      EXPECT_LT(trace->administrations[i - 1].row, trace->administrations[i].row);
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_LT(counted.statements(), 30) << "some for each site";
  const auto paris = Run(&InventoryOperations::TraceLot, lot, AtSite("par-1"));
  ASSERT_TRUE(paris.ok()) << paris.status();
  EXPECT_THAT(paris->administrations, SizeIs(5));
  EXPECT_TRUE(paris->restricted);
}

TEST_F(ManyRecordsTest, TheRecordsOfALotAreReadPageByPage) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 5);
  const LotName other = Receive("B", "B1", "2027-06-30", 5);
  GiveOften(lot, 12);
  ASSERT_TRUE(Record(90, "PT-90", {Given(other, 1)}).ok());
  std::vector<AdministrationName> names;
  std::string after;
  do {
    const auto page = OfLot(lot, 5, after);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const Administration& record : page->items) {
      EXPECT_EQ(record.lots[0].lot, lot);
      names.push_back(record.name);
    }
    after = page->next;
  } while (!after.empty());
  EXPECT_THAT(names, SizeIs(12));
  EXPECT_THAT(OfLot(other, 5)->items, SizeIs(1));
}

TEST_F(ManyRecordsTest, ARecallReadsNamesNotRecords) {
  const LotName lot = Receive("A", "A1", "2027-06-30", 5);
  Receive("A", "A1", "2027-06-30", 5, kSydney);
  GiveOften(lot, 1200);
  const AdministrationName own = GiveInSydney(lot);
  RecallRequest request;
  request.recall.lots = {lot};
  request.recall.reason = HoldReason::kSupplierNotice;
  request.recall.severity = RecallSeverity::kClass2;
  request.recall.reference = "N-8";
  absl::StatusOr<Recall> made = absl::UnknownError("did not run");
  FaultyDatabase counted(*database_);
  const absl::Status status = counted.Transact([&](Transaction& tx) {
    made = operations_.CreateRecall(tx, Manager(), request);
    return made.status();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_LT(counted.statements(), 100);
  EXPECT_THAT(made->reach.administrations, SizeIs(1000)) << "the oldest";
  EXPECT_EQ(made->reach.patients_exposed, 1201) << "all";
  const auto sydney = Run(&InventoryOperations::GetRecall, made->name, AtSite("syd-1"));
  EXPECT_THAT(sydney->reach.administrations, ElementsAre(own)) << "no other site's cut it away";
  EXPECT_EQ(sydney->reach.patients_exposed, 1);
}

}  // namespace
}  // namespace meso::inventory
