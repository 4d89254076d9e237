#include "tests/bench/stock_database.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/database/migrator.h"
#include "common/database/sqlite_database.h"
#include "generated/inventory_migrations.h"

namespace meso {
namespace {

using inventory::InventoryOperations;

constexpr char kSite[] = "sites/par-1";
constexpr int kReceiptAmpoules = 1000;

void Must(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, std::string(status.message()).c_str());
  MESO_CHECK(false, what);
}

}  // namespace

void RunMany(Database& database, int count,
             const std::function<absl::Status(Transaction&, int)>& work) {
  constexpr int kBatch = 256;
  for (int begin = 0; begin < count; begin += kBatch) {
    const int end = std::min(count, begin + kBatch);
    absl::BlockingCounter pending(end - begin);
    for (int i = begin; i < end; ++i) {
      WriteRequest request;
      request.work = [&work, i](Transaction& tx) { return work(tx, i); };
      request.done = [&pending](absl::Status status) {
        Must(status, "filling the database");
        pending.DecrementCount();
      };
      database.Submit(std::move(request));
    }
    pending.Wait();
  }
}

std::string LoadRecipe(Database& database, const InventoryOperations& operations,
                       const CallContext& call) {
  std::string cocktail_name;
  inventory::Site site;
  site.name = SiteName(kSite);
  site.time_zone = "Europe/Paris";
  site.jurisdiction = "FR";
  site.revision = 1;
  Must(
      database.Transact([&](Transaction& tx) { return operations.SaveSiteChange(tx, call, site); }),
      "site");
  const char* gtins[] = {"09521234000112", "09521234000334", "09521234001324"};
  inventory::Cocktail cocktail;
  cocktail.code = "BENCH";
  cocktail.display_name = "Bench";
  for (int i = 0; i < 3; ++i) {
    inventory::ProductChange change;
    change.allow_missing = true;
    change.product.name = ProductName(absl::StrCat("products/P-", i));
    change.product.display_name = absl::StrCat("Product ", i);
    change.product.gtin = gtins[i];
    change.product.ingredients = {{"hyaluronic acid", {"hyaluronic_acid"}, false}};
    change.product.container_kind = inventory::ContainerKind::kAmpoule;
    change.product.unit_microlitres = 2000;
    change.product.units_per_pack = 10;
    Must(database.Transact(
             [&](Transaction& tx) { return operations.UpdateProduct(tx, call, change).status(); }),
         "product");
    cocktail.lines.push_back({change.product.name, 1});
  }
  Must(database.Transact([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const inventory::Cocktail draft,
                          operations.CreateCocktail(tx, call, cocktail));
    MESO_ASSIGN_OR_RETURN(const inventory::Cocktail published,
                          operations.PublishCocktail(tx, call, draft, ""));
    cocktail_name = inventory::NameOf(published).value();
    return absl::OkStatus();
  }),
       "cocktail");
  return cocktail_name;
}

std::unique_ptr<Database> OpenForBench(const std::string& file, const Clock& clock,
                                       std::function<void(int, double)> on_group) {
  SqliteOptions options;
  options.path = file;
  options.clock = &clock;
  options.on_group = std::move(on_group);
  auto database = OpenSqliteDatabase(options);
  Must(database.status(), "open");
  return *std::move(database);
}

StockDatabase MakeStockDatabase(const std::string& file, int draws, int ledger_rows) {
  static SystemClock& clock = *new SystemClock;
  Uuid7Source ids(clock);
  StockDatabase made;
  made.file = file;
  std::unique_ptr<Database> database = OpenForBench(file, clock);
  Must(Migrate(*database, "inventory", InventoryMigrations(), ids), "migrate");
  const InventoryOperations operations(clock, ids, [] {});
  const CallContext call = ServiceContext("inventory", "bench");
  made.cocktail = LoadRecipe(*database, operations, call);

  // Twenty lots per product; the receipts repeat until the ledger is long enough.
  const int receipts = std::max(60, ledger_rows);
  RunMany(*database, receipts, [&](Transaction& tx, int i) {
    inventory::Receipt receipt;
    receipt.site = SiteName(kSite);
    receipt.unit = "main";
    receipt.product = ProductName(absl::StrCat("products/P-", i % 3));
    receipt.lot_number = absl::StrCat("LOT-", (i / 3) % 20);
    receipt.expiry = absl::CivilDay(2030, 1, 1) + (i / 3) % 20;
    receipt.ampoules = kReceiptAmpoules;
    receipt.document = "BENCH";
    return operations.ReceiveStock(tx, call, receipt).status();
  });
  made.draws.resize(static_cast<size_t>(draws));
  for (PreparedDraw& draw : made.draws) {
    draw.appointment = absl::StrCat(kSite, "/appointments/", ids.NewId());
    draw.reservation = absl::StrCat("reservations/", ids.NewId());
  }
  const absl::Time use_time = clock.Now() + absl::Hours(1);
  RunMany(*database, draws, [&](Transaction& tx, int i) {
    const PreparedDraw& draw = made.draws[static_cast<size_t>(i)];
    inventory::ReserveRequest request;
    request.name = ReservationName(draw.reservation);
    request.site = SiteName(kSite);
    request.cocktail = CocktailRevisionName(made.cocktail);
    request.use_time = use_time;
    request.appointment = AppointmentName(draw.appointment);
    return operations.ReserveStock(tx, call, request).status();
  });
  database->Close();
  return made;
}

}  // namespace meso
