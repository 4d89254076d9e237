#include "tests/services/inventory/inventory_fixture.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/database/outbox.h"
#include "common/database/pending_work_table.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/reallocation.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {

const SiteName InventoryFixture::kParis("sites/par-1");
const SiteName InventoryFixture::kSydney("sites/syd-1");
const CocktailRevisionName InventoryFixture::kCocktail("cocktails/C-01/revisions/r1");

InventoryFixture::InventoryFixture()
    : database_("inventory", InventoryMigrations()),
      operations_(database_.clock(), database_.ids(), nullptr) {
  const absl::Status sites = database_->Transact([&](Transaction& tx) {
    const CallContext call = Manager();
    absl::Status status = operations_.SaveSiteChange(tx, call, {kParis, "Europe/Paris", "FR", 1});
    if (!status.ok()) return status;
    return operations_.SaveSiteChange(tx, call, {kSydney, "Australia/Sydney", "AU", 1});
  });
  MESO_CHECK(sites.ok(), "sites");
  AddProduct("A", "09521234000112", 0);
  AddProduct("B", "09521234000334", 0);
  AddProduct("C", "09521234001324", 0);
  AddProduct("ADR", "09521234002314", 4);
  Cocktail cocktail;
  cocktail.code = "C-01";
  cocktail.display_name = "Glow";
  cocktail.lines = {{ProductName("products/A"), 2},
                    {ProductName("products/B"), 1},
                    {ProductName("products/C"), 1}};
  const auto draft = Run(&InventoryOperations::CreateCocktail, cocktail);
  MESO_CHECK(draft.ok(), "cocktail");
  const absl::Status published = database_->Transact([&](Transaction& tx) {
    return operations_.PublishCocktail(tx, Manager(), *draft, "").status();
  });
  MESO_CHECK(published.ok(), "published");
}

CallContext InventoryFixture::Manager() {
  CallContext call;
  call.caller.subject = "users/manager";
  call.caller.roles["inventory_manager"] = {"*"};
  call.allowed_roles = {"inventory_manager"};
  return call;
}

CallContext InventoryFixture::AtSite(const std::string& code) {
  CallContext call = Manager();
  call.caller.roles["inventory_manager"] = {code};
  return call;
}

void InventoryFixture::AddProduct(const std::string& code, const std::string& gtin,
                                  int64_t emergency_par) {
  ProductChange change;
  change.allow_missing = true;
  change.product.name = ProductName(absl::StrCat("products/", code));
  change.product.display_name = code;
  change.product.gtin = gtin;
  change.product.ingredients = {{"hyaluronic acid", {"hyaluronic_acid"}, false}};
  change.product.container_kind = ContainerKind::kAmpoule;
  change.product.unit_microlitres = 2000;
  change.product.units_per_pack = 10;
  change.product.emergency_kit_par = emergency_par;
  MESO_CHECK(Run(&InventoryOperations::UpdateProduct, change).ok(), "product");
}

LotName InventoryFixture::Receive(const std::string& product, const std::string& lot_number,
                                  const char* expiry, int64_t ampoules, const SiteName& site) {
  Receipt receipt;
  receipt.site = site;
  receipt.unit = kMainUnit;
  receipt.product = ProductName(absl::StrCat("products/", product));
  receipt.lot_number = lot_number;
  receipt.expiry = ParseDate(expiry);
  receipt.ampoules = ampoules;
  receipt.document = "DN-1";
  const auto answer = Run(&InventoryOperations::ReceiveStock, receipt);
  MESO_CHECK(answer.ok(), "receipt");
  return answer->lot.name;
}

void InventoryFixture::Change(const std::string& product,
                              const std::function<void(Product&)>& change) {
  ProductChange wanted;
  const auto stored = Run(&InventoryOperations::GetProduct, ProductName("products/" + product));
  MESO_CHECK(stored.ok(), "product");
  wanted.product = *stored;
  change(wanted.product);
  MESO_CHECK(Run(&InventoryOperations::UpdateProduct, wanted).ok(), "changed");
}

void InventoryFixture::AddUnit(const std::string& code) {
  StorageUnitChange unit;
  unit.unit.name = StorageUnitName("sites/par-1/storageUnits/" + code);
  unit.unit.display_name = code;
  unit.unit.kind = StorageUnitKind::kMixed;
  unit.allow_missing = true;
  MESO_CHECK(Run(&InventoryOperations::UpdateStorageUnit, unit).ok(), "unit");
}

void InventoryFixture::ReceiveInto(const std::string& unit, const std::string& product,
                                   const std::string& lot_number, const char* expiry,
                                   int64_t ampoules) {
  Receipt receipt;
  receipt.site = kParis;
  receipt.unit = unit;
  receipt.product = ProductName("products/" + product);
  receipt.lot_number = lot_number;
  receipt.expiry = ParseDate(expiry);
  receipt.ampoules = ampoules;
  receipt.document = "DN-1";
  MESO_CHECK(Run(&InventoryOperations::ReceiveStock, receipt).ok(), "receipt");
}

std::vector<Movement> InventoryFixture::Lines(MovementKind kind) {
  SitePageQuery query;
  query.page.size = 500;
  const auto page = Run(&InventoryOperations::ListMovements, query);
  std::vector<Movement> lines;
  for (auto it = page->items.rbegin(); it != page->items.rend(); ++it) {
    if (it->kind == kind) lines.push_back(*it);
  }
  return lines;
}

void InventoryFixture::ExpectRefused(const absl::Status& status, absl::StatusCode code,
                                     const std::string& reason) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_EQ(ReasonOf(status), reason) << status;
  ExpectSoundLedger();
}

std::vector<std::string> InventoryFixture::Causes(const absl::Status& status) {
  std::vector<std::string> causes;
  for (const Violation& violation : DetailsOf(status).violations) {
    causes.push_back(absl::StrCat(violation.reason, " ", violation.subject));
  }
  return causes;
}

void InventoryFixture::Stock(int64_t ampoules) {
  Receive("A", "A1", "2027-06-30", 2 * ampoules);
  Receive("B", "B1", "2027-06-30", ampoules);
  Receive("C", "C1", "2027-06-30", ampoules);
}

absl::StatusOr<Reservation> InventoryFixture::Reserve(int n, absl::Duration in,
                                                      const SiteName& site) {
  ReserveRequest request;
  request.name = ReservationOf(n);
  request.site = site;
  request.cocktail = kCocktail;
  request.use_time = database_.clock().Now() + in;
  auto answer = Run(&InventoryOperations::ReserveStock, request);
  if (!answer.ok()) return answer.status();
  return answer->value;
}

absl::StatusOr<Reservation> InventoryFixture::Reservations(int n) {
  auto answer = Run(&InventoryOperations::GetReservation, ReservationOf(n));
  if (!answer.ok()) return answer.status();
  return answer->value;
}

absl::Status InventoryFixture::Book(int n, absl::Duration in) {
  BookingFact fact;
  fact.appointment = AppointmentOf(n);
  fact.site = kParis;
  fact.reservation = ReservationOf(n);
  fact.cocktail = kCocktail;
  fact.end_time = database_.clock().Now() + in;
  fact.use_date = DateAt(fact.end_time, *FindTimeZone("Europe/Paris"));
  return database_->Transact([&](Transaction& tx) {
    return operations_.ConfirmReservation(tx, ServiceContext("inventory", "event"), fact);
  });
}

absl::Status InventoryFixture::Cancel(int n) {
  BookingFact fact;
  fact.appointment = AppointmentOf(n);
  fact.site = kParis;
  fact.reservation = ReservationOf(n);
  return database_->Transact([&](Transaction& tx) {
    return operations_.ReleaseCancelled(tx, ServiceContext("inventory", "event"), fact);
  });
}

std::string InventoryFixture::Shown(const Reservation& reservation) {
  std::string shown =
      absl::StrCat(reservation.name.value(), " ", ToText(reservation.state), " r",
                   reservation.revision, " for ", reservation.appointment.value(), ":");
  for (const Allocation& kept : reservation.allocations) {
    absl::StrAppend(&shown, " ", kept.lot.value(), "@", kept.unit, " ", kept.drawn, "/",
                    kept.ampoules);
  }
  return shown;
}

absl::StatusOr<DrawAnswer> InventoryFixture::Draw(int n, std::vector<DrawItem> items) {
  DrawRequest request;
  request.appointment = AppointmentOf(n);
  request.reservation = ReservationOf(n);
  request.items = std::move(items);
  const absl::StatusOr<DrawAnswer> answer = Run(&InventoryOperations::DrawStock, request);
  if (!answer.ok() || !answer->reservation) return answer;
  // Unless another draw came in between.
  const absl::StatusOr<Reservation> stored = Reservations(n);
  if (stored.ok() && stored->revision == answer->reservation->revision) {
    EXPECT_EQ(Shown(*answer->reservation), Shown(*stored));
  }
  return answer;
}

absl::StatusOr<Administration> InventoryFixture::Record(int n, const std::string& patient,
                                                        std::vector<AdministeredLot> lots) {
  Administration record;
  record.appointment = AppointmentOf(n);
  record.patient = PatientName(absl::StrCat("patients/", patient));
  record.practitioner = "practitioners/pr-01";
  record.occurred_time = database_.clock().Now();
  record.lots = std::move(lots);
  return Run(&InventoryOperations::RecordAdministration, record);
}

absl::StatusOr<Lot> InventoryFixture::Quarantine(const LotName& lot, const SiteName& site) {
  HoldRequest request;
  request.lot = lot;
  request.site = site;
  request.reason = HoldReason::kDamaged;
  return Run(&InventoryOperations::QuarantineLot, request);
}

absl::StatusOr<Lot> InventoryFixture::Release(const LotName& lot, std::vector<std::string> holds) {
  ReleaseRequest request;
  request.lot = lot;
  request.hold_ids = std::move(holds);
  request.note = "inspected";
  return Run(&InventoryOperations::ReleaseLot, request);
}

absl::StatusOr<Recall> InventoryFixture::CallBack(std::vector<LotName> lots) {
  RecallRequest request;
  request.recall.lots = std::move(lots);
  request.recall.reason = HoldReason::kSupplierNotice;
  request.recall.severity = RecallSeverity::kClass1;
  request.recall.reference = "N-7";
  return Run(&InventoryOperations::CreateRecall, request);
}

void InventoryFixture::RunPendingWork() {
  PendingWorkRunner runner(*database_, database_.clock());
  runner.Register(kReallocateWork, ReallocationHandler(*database_, operations_));
  runner.Register(kPromiseWork, PromiseHandler(*database_, operations_));
  ASSERT_TRUE(runner.RunDueNow(100));
}

std::vector<std::string> InventoryFixture::Events(int64_t after) {
  std::vector<std::string> types;
  const absl::Status status = database_->Read([&](Transaction& tx) {
    types.clear();
    const auto events = ListEventsAfter(tx, after, 1000);
    if (!events.ok()) return events.status();
    for (const OutboxEvent& event : *events) {
      types.push_back(event.type.substr(event.type.rfind('.') + 1));
    }
    return absl::OkStatus();
  });
  MESO_CHECK(status.ok(), "events");
  return types;
}

Balance InventoryFixture::Shelf(const LotName& lot, const SiteName& site, const std::string& unit) {
  Balance balance;
  const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
    const auto found = LoadLot(tx, lot);
    if (!found.ok() || !*found) return absl::NotFoundError("lot");
    const auto stored = LoadBalance(tx, (*found)->row, site, unit);
    if (stored.ok()) balance = *stored;
    return stored.status();
  });
  MESO_CHECK(status.ok(), "shelf");
  return balance;
}

void InventoryFixture::ExpectSoundLedger() {
  const auto report = Run(&InventoryOperations::CheckLedger, LedgerQuery());
  ASSERT_TRUE(report.ok()) << report.status();
  for (const LedgerViolation& violation : report->violations) {
    ADD_FAILURE() << violation.code << " " << violation.lot << " " << violation.description;
  }
}

std::string InventoryFixture::Uuid(int n) {
  return absl::StrFormat("11111111-0000-4000-8000-%012d", n);
}

ReservationName InventoryFixture::ReservationOf(int n) {
  return ReservationName(absl::StrCat("reservations/", Uuid(n)));
}

AppointmentName InventoryFixture::AppointmentOf(int n, const SiteName& site) {
  return AppointmentName(absl::StrCat(site.value(), "/appointments/", Uuid(n)));
}

AdministeredLot InventoryFixture::Given(const LotName& lot, int64_t ampoules, int64_t wasted) {
  AdministeredLot line;
  line.lot = lot;
  line.ampoules = ampoules;
  line.wasted = wasted;
  return line;
}

}  // namespace meso::inventory
