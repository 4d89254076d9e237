#include "tests/services/inventory/cold_chain_fixture.h"

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/filter.h"
#include "services/inventory/reallocation.h"
#include "services/inventory/sensor_silence.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

absl::Status NotThatMany() { return absl::FailedPreconditionError("not that many"); }

}  // namespace

ColdChainFixture::ColdChainFixture()
    : cold_chain_(operations_.use_case()), start_(database_.clock().Now()) {
  for (const SiteName& site : {kParis, kSydney}) {
    StorageUnitChange fridge;
    fridge.unit.name = StorageUnitNameOf(site, "fridge");
    fridge.unit.display_name = "Fridge";
    fridge.unit.kind = StorageUnitKind::kFridge;
    fridge.allow_missing = true;
    MESO_CHECK(Run(&InventoryOperations::UpdateStorageUnit, fridge).ok(), "fridge");
  }
}

void ColdChainFixture::AddRanged(const std::string& code, const std::string& gtin, int64_t min,
                                 int64_t max, const ExcursionRule& rule) {
  ProductChange change;
  change.allow_missing = true;
  change.product.name = ProductName(absl::StrCat("products/", code));
  change.product.display_name = code;
  change.product.gtin = gtin;
  change.product.tags = {"vitamin"};
  change.product.container_kind = ContainerKind::kAmpoule;
  change.product.unit_microlitres = 2000;
  change.product.units_per_pack = 10;
  change.product.temperature_min_decidegrees = min;
  change.product.temperature_max_decidegrees = max;
  change.product.excursion_rule = rule;
  MESO_CHECK(Run(&InventoryOperations::UpdateProduct, change).ok(), "product");
}

LotName ColdChainFixture::Store(const std::string& product, const std::string& lot_number,
                                int64_t ampoules, const SiteName& site, const std::string& unit) {
  Receipt receipt;
  receipt.site = site;
  receipt.unit = unit;
  receipt.product = ProductName(absl::StrCat("products/", product));
  receipt.lot_number = lot_number;
  receipt.expiry = absl::CivilDay(2028, 6, 30);
  receipt.ampoules = ampoules;
  receipt.document = "DN-1";
  const auto answer = Run(&InventoryOperations::ReceiveStock, receipt);
  MESO_CHECK(answer.ok(), "receipt");
  return answer->lot.name;
}

void ColdChainFixture::Ship(const LotName& lot, int64_t ampoules) {
  const absl::Status status = database_->Transact([&](Transaction& tx) -> absl::Status {
    const auto stored = LoadLot(tx, lot);
    const CallContext call = Manager();
    const Step step = operations_.use_case().Begin(tx, call);
    return AppendMovement(tx, **stored,
                          LineOf(step, MovementKind::kShip, kParis, "fridge", ampoules), 0,
                          NotThatMany);
  });
  MESO_CHECK(status.ok(), "ship");
}

TransferName ColdChainFixture::ShipThree(const LotName& lot) {
  CreateTransferRequest draft;
  draft.transfer.from_site = kParis;
  draft.transfer.to_site = kSydney;
  TransferLine line;
  line.lot = lot;
  line.unit = "fridge";
  line.ampoules = 3;
  draft.transfer.lines = {line};
  const auto made = Run(transfers_, &TransferOperations::CreateTransfer, draft);
  EXPECT_TRUE(made.ok()) << made.status();
  ShipTransferRequest ship;
  ship.name = made->name;
  const auto shipped = Run(transfers_, &TransferOperations::ShipTransfer, ship);
  EXPECT_TRUE(shipped.ok()) << shipped.status();
  return made->name;
}

void ColdChainFixture::Arrive(const LotName& lot, int64_t ampoules) {
  const absl::Status status = database_->Transact([&](Transaction& tx) -> absl::Status {
    const auto stored = LoadLot(tx, lot);
    const CallContext call = Manager();
    const Step step = operations_.use_case().Begin(tx, call);
    Movement out = LineOf(step, MovementKind::kReceiveTransfer, kParis, "fridge", ampoules);
    out.from = Account::kInTransit;
    out.to = Account::kTransfer;
    const absl::Status left = AppendMovement(tx, **stored, out, 0, NotThatMany);
    if (!left.ok()) return left;
    return AppendMovement(tx, **stored,
                          LineOf(step, MovementKind::kReceiveTransfer, kSydney, "fridge", ampoules),
                          0, NotThatMany);
  });
  MESO_CHECK(status.ok(), "arrive");
}

absl::StatusOr<TemperatureAnswer> ColdChainFixture::Send(const Points& points,
                                                         const std::string& sensor,
                                                         const SiteName& site) {
  TemperatureBatch batch;
  batch.storage_unit = StorageUnitNameOf(site, "fridge");
  batch.sensor = sensor;
  for (const auto& [minutes, centidegrees] : points) {
    batch.readings.push_back({At(minutes), centidegrees});
  }
  return RunCold(&ColdChainOperations::RecordTemperatures, batch);
}

ColdChainFixture::Points ColdChainFixture::Steady(double begin, double end, int64_t centidegrees,
                                                  double step) {
  Points points;
  for (double at = begin; at < end; at += step) points.push_back({at, centidegrees});
  return points;
}

std::vector<Excursion> ColdChainFixture::Excursions(const std::string& filter) {
  SitePageQuery query;
  query.page.size = 500;
  const auto parsed = ParseFilter(filter, {"storage_unit", "state", "lot"});
  MESO_CHECK(parsed.ok(), "filter");
  query.page.filter = *parsed;
  const auto page = RunCold(&ColdChainOperations::ListExcursions, query);
  MESO_CHECK(page.ok(), "excursions");
  return page->items;
}

Excursion ColdChainFixture::Only() {
  const std::vector<Excursion> all = Excursions();
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? Excursion() : all[0];
}

std::vector<Sensor> ColdChainFixture::Sensors(const std::string& filter) {
  SitePageQuery query;
  const auto parsed = ParseFilter(filter, {"silent"});
  MESO_CHECK(parsed.ok(), "filter");
  query.page.filter = *parsed;
  const auto page = RunCold(&ColdChainOperations::ListSensors, query);
  MESO_CHECK(page.ok(), "sensors");
  return page->items;
}

absl::StatusOr<Excursion> ColdChainFixture::Resolve(const Excursion& excursion,
                                                    std::vector<LotDecision> decisions,
                                                    const std::string& etag) {
  ResolveRequest request;
  request.name = excursion.name;
  request.decisions = std::move(decisions);
  request.note = "The maker's stability data";
  request.etag = etag;
  return RunCold(&ColdChainOperations::ResolveExcursion, request);
}

std::vector<std::string> ColdChainFixture::Held(const LotName& lot) {
  const auto found = Run(&InventoryOperations::GetLot, lot);
  MESO_CHECK(found.ok(), "lot");
  std::vector<std::string> held;
  for (const Hold& hold : found->holds) {
    if (hold.release_time) continue;
    held.push_back(absl::StrCat(hold.site.value(), " ", hold.unit));
  }
  return held;
}

void ColdChainFixture::RunAllWork() {
  PendingWorkRunner runner(*database_, database_.clock());
  runner.Register(kReallocateWork, ReallocationHandler(*database_, operations_));
  runner.Register(kSensorSilenceWork, SensorSilenceHandler(*database_, cold_chain_));
  ASSERT_TRUE(runner.RunDueNow(1000));
}

}  // namespace meso::inventory
