// What inventory's calls cost in a large chain beside a small one, and its long answers.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/database/migrator.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/planning_operations.h"
#include "tests/bench/scenarios.h"
#include "tests/bench/stock_database.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kLargeSites = 20;
constexpr int kLargeLots = 500;  // of each site
constexpr int kSmallLots = 100;  // of one site: a hundredth of the large chain's shelves
constexpr int kRecords = 10000;

std::string SiteOfNumber(int n) { return n == 0 ? "sites/par-1" : absl::StrCat("sites/s-", n); }

// One chain's database with its operations.
class BenchChain {
 public:
  BenchChain(const std::string& file, int sites, int lots)
      : ids_(clock_),
        database_(OpenForBench(file, clock_)),
        operations_(clock_, ids_, [] {}),
        call_(ServiceContext("inventory", "bench")) {
    MESO_CHECK(Migrate(*database_, "inventory", InventoryMigrations(), ids_).ok(), "migrate");
    cocktail_ = LoadRecipe(*database_, operations_, call_);
    RunMany(*database_, sites - 1, [&](Transaction& tx, int i) {
      return operations_.SaveSiteChange(tx, call_,
                                        {SiteName(SiteOfNumber(i + 1)), "Europe/Paris", "FR", 1});
    });
    RunMany(*database_, sites * lots, [&](Transaction& tx, int i) {
      inventory::Receipt receipt;
      receipt.site = SiteName(SiteOfNumber(i / lots));
      receipt.unit = "main";
      receipt.product = ProductName(absl::StrCat("products/P-", i % 3));
      receipt.lot_number = absl::StrCat("L-", i);
      receipt.expiry = absl::CivilDay(2031, 1, 1) + i % 700;
      receipt.ampoules = 40;
      receipt.document = "BENCH";
      return operations_.ReceiveStock(tx, call_, receipt).status();
    });
  }

  // Microseconds of one call, commits grouped: reserves, then draws what was reserved.
  std::pair<double, double> ReserveAndDraw(int calls) {
    std::vector<PreparedDraw> draws(static_cast<size_t>(calls));
    for (PreparedDraw& draw : draws) {
      draw.appointment = absl::StrCat("sites/par-1/appointments/", ids_.NewId());
      draw.reservation = absl::StrCat("reservations/", ids_.NewId());
    }
    const absl::Time use_time = clock_.Now() + absl::Hours(1);
    const double reserve = Microseconds(calls, [&](Transaction& tx, int i) {
      inventory::ReserveRequest request;
      request.name = ReservationName(draws[static_cast<size_t>(i)].reservation);
      request.site = SiteName("sites/par-1");
      request.cocktail = CocktailRevisionName(cocktail_);
      request.use_time = use_time;
      request.appointment = AppointmentName(draws[static_cast<size_t>(i)].appointment);
      return operations_.ReserveStock(tx, call_, request).status();
    });
    const double draw = Microseconds(calls, [&](Transaction& tx, int i) {
      inventory::DrawRequest request;
      request.appointment = AppointmentName(draws[static_cast<size_t>(i)].appointment);
      request.reservation = ReservationName(draws[static_cast<size_t>(i)].reservation);
      return operations_.DrawStock(tx, call_, request).status();
    });
    return {reserve, draw};
  }

  // Milliseconds of a trace of one lot with kRecords records.
  double TraceLot() {
    LotName lot;
    Read([&](Transaction& tx) -> absl::Status {
      inventory::PageQuery page;
      page.size = 1;
      const auto lots = operations_.ListLots(tx, call_, page);
      if (!lots.ok()) return lots.status();
      lot = lots->items.front().name;
      return absl::OkStatus();
    });
    RunMany(*database_, kRecords, [&](Transaction& tx, int i) {
      inventory::Administration record;
      record.appointment = AppointmentName(absl::StrCat("sites/par-1/appointments/", ids_.NewId()));
      record.patient = PatientName(absl::StrCat("patients/P-", i % 3000));
      record.practitioner = "practitioners/pr-1";
      record.occurred_time = clock_.Now();
      inventory::AdministeredLot line;
      line.lot = lot;
      line.ampoules = 1;
      record.lots = {line};
      return operations_.RecordAdministration(tx, call_, record).status();
    });
    return Milliseconds([&](Transaction& tx) {
      const auto trace = operations_.TraceLot(tx, call_, lot);
      MESO_CHECK(!trace.ok() || trace->administrations.size() >= kRecords, "records are missing");
      return trace.status();
    });
  }

  // Milliseconds of the first page of shelves, and of all sites' products.
  std::pair<double, double> ListLevels() {
    inventory::SitePageQuery query;
    query.page.size = 500;
    const double shelves = Milliseconds(
        [&](Transaction& tx) { return operations_.ListStockLevels(tx, call_, query).status(); });
    const inventory::PlanningOperations planning(operations_.use_case());
    const double products = Milliseconds(
        [&](Transaction& tx) { return planning.ListProductLevels(tx, call_, query).status(); });
    return {shelves, products};
  }

 private:
  void Read(const std::function<absl::Status(Transaction&)>& work) {
    const absl::Status status = database_->Read(work);
    MESO_CHECK(status.ok(), "a read failed");
  }

  double Microseconds(int calls, const std::function<absl::Status(Transaction&, int)>& work) {
    const auto begin = SteadyClock::now();
    RunMany(*database_, calls, work);
    return std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count() / calls;
  }

  // The best of five: others may use the machine meanwhile.
  double Milliseconds(const std::function<absl::Status(Transaction&)>& work) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const auto begin = SteadyClock::now();
      Read(work);
      const std::chrono::duration<double, std::milli> took = SteadyClock::now() - begin;
      best = std::min(best, took.count());
    }
    return best;
  }

  SystemClock clock_;
  Uuid7Source ids_;
  std::unique_ptr<Database> database_;
  const inventory::InventoryOperations operations_;
  const CallContext call_;
  std::string cocktail_;
};

void Print(const char* what, double small, double large) {
  std::printf(
      "  %-14s %8.1f us at 1 site x %d lots, %8.1f us at %d x %d: %.2f times, at most 1.20\n", what,
      small, kSmallLots, large, kLargeSites, kLargeLots, large / small);
}

}  // namespace

Scenario RunChain(const BenchSettings& settings) {
  TempDir dir;
  BenchChain small(dir.path() + "/small.db", 1, kSmallLots);
  BenchChain large(dir.path() + "/large.db", kLargeSites, kLargeLots);
  const int calls = std::min(settings.calls, 1000);  // as many units as the small chain has
  const auto [reserve_small, draw_small] = small.ReserveAndDraw(calls);
  const auto [reserve_large, draw_large] = large.ReserveAndDraw(calls);
  const auto [shelves, products] = large.ListLevels();
  const double trace = large.TraceLot();
  std::printf("chain\n");
  Print("ReserveStock", reserve_small, reserve_large);
  Print("DrawStock", draw_small, draw_large);
  std::printf(
      "  ListStockLevels of %d sites: %.1f ms a page of 500 shelves, %.1f ms all products, at most "
      "50\n",
      kLargeSites, shelves, products);
  std::printf("  TraceLot of %d records: %.1f ms, at most 100\n", kRecords, trace);
  Scenario scenario;
  scenario.name = "chain";
  return scenario;
}

}  // namespace meso
