// Whatever happened to lots and patients, a trace from either side names exactly what the answers
// of the calls said: whole units, volumes out of opened containers, units for home, over two sites.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/inventory/container_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using Texts = std::multiset<std::string>;

// What the calls answered, kept beside the database.
struct Told {
  std::map<LotName, std::set<std::string>> patients;
  std::map<LotName, std::set<std::string>> records;  // administrations and dispensings
  std::map<LotName, std::set<std::string>> containers;
  std::map<LotName, std::set<std::string>> transfers;
  std::map<PatientName, Texts> lines;  // "record lot"
};

class TracedChain : public InventoryFixture {
 public:
  void TestBody() override {}

  void Open() {
    for (const char* code : {"A", "B", "C"}) {
      Change(code, [](Product& product) { product.home_care = true; });
    }
    lots_ = {Receive("A", "A1", "2027-06-30", 30), Receive("A", "A2", "2027-06-30", 30, kSydney),
             Receive("B", "B1", "2027-06-30", 30)};
  }

  void Act(int action, int n) {
    const LotName& lot = lots_[static_cast<size_t>(n) % lots_.size()];
    const SiteName& site = n % 2 == 0 ? kParis : kSydney;
    switch (action) {
      case 0:
        Give(n, lot, site);
        break;
      case 1:
        GiveFromContainer(n, lot);
        break;
      case 2:
        Dispense(n, lot, site);
        break;
      case 3:
        Move(lot, site);
        break;
      case 4:
        Run(&InventoryOperations::QuarantineLot,
            HoldRequest{lot, SiteName(), HoldKind::kQuarantine, HoldReason::kInspection, "", ""})
            .status()
            .IgnoreError();
        break;
      default:
        database_.clock().Advance(absl::Hours(7));
    }
  }

  void ExpectTracesAreWhatWasTold() {
    for (const LotName& lot : lots_) {
      const auto trace = Run(&InventoryOperations::TraceLot, lot);
      ASSERT_TRUE(trace.ok()) << trace.status();
      std::set<std::string> patients, records, containers, transfers;
      for (const PatientName& patient : trace->patients) patients.insert(patient.value());
      for (const Administration& one : trace->administrations) records.insert(one.name.value());
      for (const Dispensing& one : trace->dispensings) records.insert(one.name.value());
      for (const OpenedContainer& one : trace->containers) containers.insert(one.name.value());
      for (const Transfer& one : trace->transfers) transfers.insert(one.name.value());
      EXPECT_EQ(patients, told_.patients[lot]);
      EXPECT_EQ(records, told_.records[lot]);
      EXPECT_EQ(containers, told_.containers[lot]);
      EXPECT_EQ(transfers, told_.transfers[lot]);
      EXPECT_FALSE(trace->restricted);
    }
    for (int n = 0; n < 4; ++n) {
      const auto trace = Run(&InventoryOperations::TracePatient, PatientOf(n));
      ASSERT_TRUE(trace.ok()) << trace.status();
      Texts lines;
      absl::Time before = absl::InfiniteFuture();
      for (const PatientTraceLine& line : trace->lines) {
        lines.insert(absl::StrCat(
            line.dispensing ? line.dispensing->name.value() : line.administration.name.value(), " ",
            line.lot.name.value()));
        EXPECT_LE(line.Time(), before) << "newest first";
        before = line.Time();
      }
      EXPECT_EQ(lines, told_.lines[PatientOf(n)]);
    }
    ExpectSoundLedger();
  }

  // Somebody with a role at one site sees that site's part, and that there is more.
  void ExpectPartsAtOneSite() {
    for (const LotName& lot : lots_) {
      const auto trace = Run(&InventoryOperations::TraceLot, lot, AtSite("syd-1"));
      ASSERT_TRUE(trace.ok()) << trace.status();
      for (const Administration& one : trace->administrations) EXPECT_EQ(one.site, kSydney);
      for (const Dispensing& one : trace->dispensings) EXPECT_EQ(one.site, kSydney);
      for (const OpenedContainer& one : trace->containers) EXPECT_EQ(one.site, kSydney);
      if (trace->administrations.size() + trace->dispensings.size() < told_.records[lot].size()) {
        EXPECT_TRUE(trace->restricted);
      }
    }
  }

 private:
  static PatientName PatientOf(int n) { return PatientName(absl::StrCat("patients/PT-", n % 4)); }

  void Tell(const LotName& lot, const PatientName& patient, const std::string& record) {
    told_.patients[lot].insert(patient.value());
    told_.records[lot].insert(record);
    told_.lines[patient].insert(absl::StrCat(record, " ", lot.value()));
  }

  absl::StatusOr<Administration> RecordAt(const SiteName& site, int n, AdministeredLot line) {
    Administration record;
    record.appointment = AppointmentOf(100 + next_++, site);
    record.patient = PatientOf(n);
    record.practitioner = "practitioners/pr-1";
    record.occurred_time = database_.clock().Now();
    record.lots = {std::move(line)};
    return Run(&InventoryOperations::RecordAdministration, record);
  }

  // A fact, drawn before or not.
  void Give(int n, const LotName& lot, const SiteName& site) {
    const auto record = RecordAt(site, n, Given(lot, 1 + n % 2));
    ASSERT_TRUE(record.ok()) << record.status();
    Tell(lot, PatientOf(n), record->name.value());
  }

  void GiveFromContainer(int n, const LotName& lot) {
    const AppointmentName appointment = AppointmentOf(1000 + next_++);
    const auto opened = Run(containers_, &ContainerOperations::OpenContainer,
                            OpenRequest{kParis, "", lot, "", appointment, FefoOverride::kDamaged});
    if (!opened.ok()) return;
    told_.containers[lot].insert(opened->name.value());
    DrawItem item;
    item.container = opened->name;
    item.microlitres = 500;
    if (!Run(&InventoryOperations::DrawStock, DrawRequest{appointment, ReservationName(), {item}})
             .ok()) {
      return;
    }
    Administration record;
    record.appointment = appointment;
    record.patient = PatientOf(n);
    record.practitioner = "practitioners/pr-1";
    record.occurred_time = database_.clock().Now();
    AdministeredLot line;
    line.lot = lot;
    line.container = opened->name;
    line.microlitres = 500;
    record.lots = {line};
    const auto given = Run(&InventoryOperations::RecordAdministration, record);
    ASSERT_TRUE(given.ok()) << given.status();
    Tell(lot, PatientOf(n), given->name.value());
  }

  void Dispense(int n, const LotName& lot, const SiteName& site) {
    const auto handed = Run(dispensings_, &DispensingOperations::DispenseHomeCare,
                            DispenseRequest{site, PatientOf(n), "practitioners/pr-1", "", lot, "",
                                            1, std::nullopt, FefoOverride::kDamaged});
    if (handed.ok()) Tell(lot, PatientOf(n), handed->name.value());
  }

  void Move(const LotName& lot, const SiteName& from) {
    Transfer wanted;
    wanted.from_site = from;
    wanted.to_site = from == kParis ? kSydney : kParis;
    wanted.document = "TN-1";
    TransferLine line;
    line.lot = lot;
    line.unit = kMainUnit;
    line.ampoules = 2;
    wanted.lines = {line};
    const auto written =
        Run(transfers_, &TransferOperations::CreateTransfer, CreateTransferRequest{wanted, false});
    if (!written.ok()) return;
    if (!Run(transfers_, &TransferOperations::ShipTransfer,
             ShipTransferRequest{written->name, false, ""})
             .ok()) {
      return;
    }
    told_.transfers[lot].insert(written->name.value());
  }

  const ContainerOperations containers_{operations_.use_case()};
  const DispensingOperations dispensings_{operations_.use_case()};
  const TransferOperations transfers_{operations_.use_case()};
  std::vector<LotName> lots_;
  Told told_;
  int next_ = 0;
};

RC_GTEST_PROP(TracePropertyTest, ATraceIsExactlyWhatHappened, ()) {
  TracedChain chain;
  chain.Open();
  const auto actions = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 6), rc::gen::inRange(0, 12)));
  for (const auto& [action, n] : actions) chain.Act(action, n);
  chain.ExpectTracesAreWhatWasTold();
  chain.ExpectPartsAtOneSite();
  RC_ASSERT(!::testing::Test::HasFailure());
}

}  // namespace
}  // namespace meso::inventory
