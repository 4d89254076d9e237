// Any sequence of use cases leaves the books sound, and a planted error is found.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/container_operations.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/inspection_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;

class Chain : public InventoryFixture {
 public:
  void TestBody() override {}

  void Act(int action, int n) {
    const LotName& lot = lots_[n % lots_.size()];
    switch (action) {
      case 0:
        Receive("A", absl::StrCat("N", n % 3), "2027-06-30", 1 + n % 4);
        break;
      case 1:
        Note(Reserve(n, absl::Hours(n % 100)).status());
        break;
      case 2:
        Note(Book(n, absl::Hours(n % 100)));
        break;
      case 3:
        Note(Cancel(n));
        break;
      case 4:
        Note(Draw(n).status());
        break;
      case 5:
        Note(Record(n, absl::StrCat("PT-", n % 4), {Given(lot, n % 3, 1)}).status());
        break;
      case 6:
        Note(Quarantine(lot, n % 2 == 0 ? kParis : SiteName()).status());
        break;
      case 7:
        Note(Release(lot).status());
        break;
      case 8:
        Note(Draw(n, {{"", lot, 1 + n % 2, FefoOverride::kDoctorDecision}}).status());
        break;
      case 9:
        database_.clock().Advance(absl::Hours(5));
        break;
      case 10:
        ReverseOne(n);
        break;
      case 11:
        ReceiveInto(n % 2 == 0 ? "fridge" : "shelf", n);
        break;
      case 12:
        RunPendingWork();
        break;
      default:
        ActByHand(action, n);
    }
  }

  void ActByHand(int action, int n) {
    const LotName& lot = lots_[n % lots_.size()];
    switch (action) {
      case 13: {
        const AppointmentName of = n % 2 == 0 ? AppointmentOf(n) : AppointmentName();
        Note(Run(corrections_, &CorrectionOperations::WasteStock,
                 WasteRequest{kParis, lot, kMainUnit, 1 + n % 2, WasteReason::kBroken, "", of})
                 .status());
        break;
      }
      case 14:
        Note(Run(corrections_, &CorrectionOperations::ReturnDrawnStock,
                 ReturnDrawnRequest{AppointmentOf(n), lot, 1, ReturnReason::kNotNeeded})
                 .status());
        break;
      case 15:
        Note(Run(corrections_, &CorrectionOperations::AdjustStock,
                 AdjustRequest{kParis, lot, kMainUnit, n % 2 == 0 ? 1 : -1, AdjustReason::kOther,
                               "", BackBy(n)})
                 .status());
        break;
      case 16:
        Note(Run(corrections_, &CorrectionOperations::ReturnToSupplier,
                 SupplierReturnRequest{kParis, lot, kMainUnit, 1, SupplierReturnReason::kDamaged,
                                       "RN-1"})
                 .status());
        break;
      case 17:
        Note(Run(inspections_, &InspectionOperations::DisposeLot,
                 DisposeRequest{lot, kParis, kMainUnit, 1, WasteReason::kExpired, "users/w", "D"})
                 .status());
        break;
      case 18:
        Note(Run(dispensings_, &DispensingOperations::DispenseHomeCare,
                 DispenseRequest{kParis, PatientName(absl::StrCat("patients/PT-", n % 3)), "p", "",
                                 lot, "", 1, std::nullopt, FefoOverride::kDamaged})
                 .status());
        break;
      default:
        ActOnContainers(action, n);
    }
  }

  void ActOnContainers(int action, int n) {
    const LotName& lot = lots_[n % lots_.size()];
    const int who = n % 3;
    if (action == 19) {
      const auto opened =
          Run(containers_, &ContainerOperations::OpenContainer,
              OpenRequest{kParis, "", lot, "", AppointmentOf(who), FefoOverride::kDamaged});
      Note(opened.status());
      if (opened.ok()) opened_.push_back(*opened);
      return;
    }
    if (opened_.empty()) return;
    const OpenedContainer& container = opened_[static_cast<size_t>(n) % opened_.size()];
    if (action == 20 || action == 21) {
      DrawItem item;
      item.container = container.name;
      item.microlitres = 400 * n;
      DrawRequest draw{
          AppointmentOf(who), action == 20 ? ReservationOf(who) : ReservationName(), {item}};
      Note(Run(&InventoryOperations::DrawStock, draw).status());
    } else if (action == 22) {
      AdministeredLot line;
      line.lot = container.lot;
      line.container = container.name;
      line.microlitres = 300 * n;
      line.wasted_microlitres = 10;
      Note(Record(who, absl::StrCat("PT-", who), {line}).status());
    } else {
      Note(Run(containers_, &ContainerOperations::DiscardContainer,
               DiscardRequest{container.name, DiscardReason::kLeftover, "", ""})
               .status());
    }
  }

  absl::Time BackBy(int n) {
    return n < 4 ? absl::InfinitePast() : database_.clock().Now() - absl::Hours(n);
  }

  // Takes back the n-th newest line, whatever it is.
  void ReverseOne(int n) {
    const auto lines = Run(&InventoryOperations::ListMovements, SitePageQuery());
    if (static_cast<int>(lines->items.size()) < n) return;
    const Movement& line = lines->items[static_cast<size_t>(n - 1)];
    Note(Run(&InventoryOperations::ReverseMovement,
             ReversalRequest{line.site, line.index, ReversalReason::kDuplicate, ""})
             .status());
  }

  void ReceiveInto(const std::string& unit, int n) {
    Receipt receipt;
    receipt.site = kParis;
    receipt.unit = unit;
    receipt.product = ProductName("products/A");
    receipt.lot_number = absl::StrCat("N", n % 3);
    receipt.expiry = absl::CivilDay(2027, 6, 30);
    receipt.ampoules = 1 + n % 3;
    receipt.document = "DN-1";
    Note(Run(&InventoryOperations::ReceiveStock, receipt).status());
  }

  void Open() {
    StorageUnitChange fridge;
    fridge.unit.name = StorageUnitName("sites/par-1/storageUnits/fridge");
    fridge.unit.display_name = "Fridge";
    fridge.unit.kind = StorageUnitKind::kFridge;
    fridge.allow_missing = true;
    ASSERT_TRUE(Run(&InventoryOperations::UpdateStorageUnit, fridge).ok());
    for (const char* code : {"A", "B", "C"}) {
      InventoryFixture::Change(code, [](Product& product) { product.home_care = true; });
    }
    lots_ = {Receive("A", "A0", "2026-11-23", 6), Receive("A", "A1", "2027-06-30", 6),
             Receive("B", "B0", "2027-06-30", 5), Receive("C", "C0", "2027-06-30", 5)};
  }

  std::vector<std::string> Violations() {
    std::vector<std::string> codes;
    const auto report = Run(&InventoryOperations::CheckLedger, LedgerQuery());
    EXPECT_TRUE(report.ok()) << report.status();
    for (const LedgerViolation& violation : report->violations) codes.push_back(violation.code);
    return codes;
  }

  absl::Status Plant(const char* sql) {
    return database_->Transact([&](Transaction& tx) { return tx.Execute(sql, {}); });
  }

 private:
  // A refusal is fine here; books that contradict themselves are not.
  static void Note(const absl::Status& status) {
    EXPECT_NE(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_NE(status.code(), absl::StatusCode::kAborted) << status;
  }

  const CorrectionOperations corrections_{operations_.use_case()};
  const InspectionOperations inspections_{operations_.use_case()};
  const DispensingOperations dispensings_{operations_.use_case()};
  const ContainerOperations containers_{operations_.use_case()};
  std::vector<LotName> lots_;
  std::vector<OpenedContainer> opened_;
};

RC_GTEST_PROP(StockPropertyTest, EverySequenceOfUseCasesConservesEveryUnit, ()) {
  Chain chain;
  chain.Open();
  const auto actions = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 24), rc::gen::inRange(1, 8)));
  for (const auto& [action, n] : actions) chain.Act(action, n);
  RC_ASSERT(chain.Violations().empty());
  RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(StockPropertyTest, CheckLedgerFindsAPlantedError) {
  struct Plant {
    const char* code;
    const char* sql;
  };
  const Plant plants[] = {
      {"BALANCE_DIFFERS",
       "UPDATE balance SET received = received + 1, on_hand = on_hand + 1 WHERE lot = 1"},
      {"RESERVED_DIFFERS", "UPDATE balance SET reserved = reserved + 1 WHERE lot = 1"},
      {"CHAIN_BROKEN", "UPDATE lot SET last_movement = 0 WHERE id = 1"},
      {"DRAWN_DIFFERS", "UPDATE draw SET ampoules = ampoules + 1"},
      {"BALANCE_DIFFERS", "DELETE FROM balance WHERE lot = 1"},
      {"CHAIN_BROKEN",
       "INSERT INTO movement (kind, lot, site, unit, ampoules, record_time_us, actor, appointment, "
       "reservation, administration, document, lot_previous) "
       "VALUES (1, 1, 'sites/par-1', 'main', 5, 0, '', '', '', '', '', 0)"}};
  for (const Plant& plant : plants) {
    Chain chain;
    chain.Open();
    for (const auto& [action, n] : {std::pair(1, 1), std::pair(4, 1)}) chain.Act(action, n);
    ASSERT_TRUE(chain.Violations().empty());
    ASSERT_TRUE(chain.Plant(plant.sql).ok()) << plant.sql;
    EXPECT_THAT(chain.Violations(), Contains(plant.code)) << plant.sql;
  }
}

TEST(StockPropertyTest, TheLedgerAndTheRecordsCanNotBeRewritten) {
  Chain chain;
  chain.Open();
  chain.Act(5, 1);
  for (const char* sql :
       {"UPDATE movement SET ampoules = 9", "DELETE FROM movement", "DELETE FROM administration",
        "UPDATE administration SET patient = 'patients/other'", "DELETE FROM cocktail_line",
        "UPDATE cocktail SET display_name = 'x'", "UPDATE balance SET on_hand = -1",
        "UPDATE balance SET reserved = on_hand + 1"}) {
    EXPECT_FALSE(chain.Plant(sql).ok()) << sql;
  }
}

}  // namespace
}  // namespace meso::inventory
