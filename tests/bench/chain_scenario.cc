// What inventory's calls cost in a large chain beside a small one, and its long answers, in CPU
// time.
#include <algorithm>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/migrator.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/planning_operations.h"
#include "tests/bench/scenarios.h"
#include "tests/bench/stock_database.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

constexpr int kSites = 20;
constexpr int kLargeLots = 500;  // of each site
constexpr int kSmallLots = 5;    // of each site: a hundredth of the large chain's shelves
constexpr int kAmpoules = 300;   // of a lot: what all rounds need
constexpr int kRecords = 10000;
constexpr int kRounds = 31;  // the first is thrown away
constexpr int kCallsMax = 150;

std::string SiteOfNumber(int n) { return n == 0 ? "sites/par-1" : absl::StrCat("sites/s-", n); }

double CpuMilliseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

// One chain's database with its operations.
class BenchChain {
 public:
  BenchChain(const std::string& file, int lots)
      : ids_(clock_),
        database_(OpenForBench(file, clock_)),
        operations_(clock_, ids_, [] {}),
        call_(ServiceContext("inventory", "bench")) {
    MESO_CHECK(Migrate(*database_, "inventory", InventoryMigrations(), ids_).ok(), "migrate");
    cocktail_ = LoadRecipe(*database_, operations_, call_);
    RunMany(*database_, kSites - 1, [&](Transaction& tx, int i) {
      return operations_.SaveSiteChange(tx, call_,
                                        {SiteName(SiteOfNumber(i + 1)), "Europe/Paris", "FR", 1});
    });
    RunMany(*database_, kSites * lots, [&](Transaction& tx, int i) {
      return operations_.ReceiveStock(tx, call_, ReceiptOf(i, i / lots)).status();
    });
  }

  // Appointments and reservations yet to be made, at the first so many sites in turn.
  std::vector<PreparedDraw> Prepare(int calls, int sites = kSites) {
    std::vector<PreparedDraw> draws(static_cast<size_t>(calls));
    for (int i = 0; i < calls; ++i) {
      draws[i].appointment = absl::StrCat(SiteOfNumber(i % sites), "/appointments/", ids_.NewId());
      draws[i].reservation = absl::StrCat("reservations/", ids_.NewId());
    }
    return draws;
  }

  // Microseconds of one call's CPU, commits grouped.
  double Reserve(const std::vector<PreparedDraw>& draws) {
    const absl::Time use_time = clock_.Now() + absl::Hours(1);
    return Microseconds(static_cast<int>(draws.size()), [&](Transaction& tx, int i) {
      inventory::ReserveRequest request;
      request.name = ReservationName(draws[i].reservation);
      request.site = SiteName(SiteOf(draws[i].appointment));
      request.cocktail = CocktailRevisionName(cocktail_);
      request.use_time = use_time;
      request.appointment = AppointmentName(draws[i].appointment);
      return operations_.ReserveStock(tx, call_, request).status();
    });
  }
  double Draw(const std::vector<PreparedDraw>& draws) {
    return Microseconds(static_cast<int>(draws.size()), [&](Transaction& tx, int i) {
      inventory::DrawRequest request;
      request.appointment = AppointmentName(draws[i].appointment);
      request.reservation = ReservationName(draws[i].reservation);
      return operations_.DrawStock(tx, call_, request).status();
    });
  }

  // Milliseconds of a trace of one lot that kRecords sessions drew of and gave.
  double TraceLot() {
    const LotName lot = ReceiveForAll();
    const std::vector<PreparedDraw> draws = Prepare(kRecords, /*sites=*/1);
    Reserve(draws);
    Draw(draws);
    RunMany(*database_, kRecords, [&](Transaction& tx, int i) {
      inventory::Administration record;
      record.appointment = AppointmentName(draws[i].appointment);
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
      MESO_CHECK(!trace.ok() || (trace->administrations.size() == kRecords &&
                                 trace->administrations.back().deviations.empty()),
                 "records are missing, or are not what sessions leave");
      return trace.status();
    });
  }

  struct Lists {
    double first_page = 0;  // milliseconds, of 500 shelves
    double all_pages = 0;
    double products = 0;  // what each site has of each product
  };
  Lists ListLevels() {
    inventory::SitePageQuery query;
    query.page.size = 500;
    Lists lists;
    lists.first_page = Milliseconds(
        [&](Transaction& tx) { return operations_.ListStockLevels(tx, call_, query).status(); });
    lists.all_pages = Milliseconds([&](Transaction& tx) -> absl::Status {
      inventory::SitePageQuery next = query;
      size_t shelves = 0;
      do {
        MESO_ASSIGN_OR_RETURN(const auto page, operations_.ListStockLevels(tx, call_, next));
        shelves += page.items.size();
        next.page.after = page.next;
      } while (!next.page.after.empty());
      MESO_CHECK(shelves > size_t{kSites} * kLargeLots / 2, "shelves are missing");
      return absl::OkStatus();
    });
    const inventory::PlanningOperations planning(operations_.use_case());
    lists.products = Milliseconds(
        [&](Transaction& tx) { return planning.ListProductLevels(tx, call_, query).status(); });
    return lists;
  }

 private:
  static inventory::Receipt ReceiptOf(int lot, int site) {
    inventory::Receipt receipt;
    receipt.site = SiteName(SiteOfNumber(site));
    receipt.unit = "main";
    receipt.product = ProductName(absl::StrCat("products/P-", lot % 3));
    receipt.lot_number = absl::StrCat("L-", lot);
    receipt.expiry = absl::CivilDay(2031, 1, 1) + lot % 700;
    receipt.ampoules = kAmpoules;
    receipt.document = "BENCH";
    return receipt;
  }

  // The lot that is used first at par-1 becomes as large as all sessions of the trace need.
  LotName ReceiveForAll() {
    LotName lot;
    RunMany(*database_, 1, [&](Transaction& tx, int) -> absl::Status {
      inventory::Receipt receipt = ReceiptOf(0, 0);
      receipt.ampoules = kRecords;
      MESO_ASSIGN_OR_RETURN(const auto received, operations_.ReceiveStock(tx, call_, receipt));
      lot = received.lot.name;
      return absl::OkStatus();
    });
    return lot;
  }

  void Read(const std::function<absl::Status(Transaction&)>& work) {
    const absl::Status status = database_->Read(work);
    MESO_CHECK(status.ok(), "a read failed");
  }

  // Of this process alone: others may use the machine meanwhile, and the disk is asked as often in
  // both chains.
  double Microseconds(int calls, const std::function<absl::Status(Transaction&, int)>& work) {
    const double begin = CpuMilliseconds(CLOCK_PROCESS_CPUTIME_ID);
    RunMany(*database_, calls, work);
    return (CpuMilliseconds(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e3 / calls;
  }

  // Of the thread that reads, which waits for nothing: others may use the machine meanwhile. The
  // best of five, the first of which fills the cache.
  double Milliseconds(const std::function<absl::Status(Transaction&)>& work) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      double took = 0;
      Read([&](Transaction& tx) {
        const double begin = CpuMilliseconds(CLOCK_THREAD_CPUTIME_ID);
        const absl::Status status = work(tx);
        took = CpuMilliseconds(CLOCK_THREAD_CPUTIME_ID) - begin;
        return status;
      });
      best = std::min(best, took);
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

// The times of one call in the two chains, round by round.
class Comparison {
 public:
  explicit Comparison(std::string name) : name_(std::move(name)) {}

  void Add(double small, double large) {
    small_.push_back(small);
    large_.push_back(large);
    times_.push_back(large / small);
  }
  // The two of a round had the same machine: the middle of their quotients forgets what others did
  // to its caches meanwhile.
  void AddTo(Scenario* scenario) const {
    const auto add = [&](int lots, const std::vector<double>& times) {
      scenario->figures.push_back(
          {absl::StrCat(name_, ", ", kSites, " sites x ", lots, " lots"), Median(times), "us"});
    };
    add(kSmallLots, small_);
    add(kLargeLots, large_);
    scenario->figures.push_back(
        AtMost(absl::StrCat(name_, ", large / small chain"), Median(times_), "times", 1.2));
  }

 private:
  const std::string name_;
  std::vector<double> small_;
  std::vector<double> large_;
  std::vector<double> times_;
};

void Compare(BenchChain& small, BenchChain& large, int calls, Scenario* scenario) {
  Comparison reserve("ReserveStock");
  Comparison draw("DrawStock");
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<PreparedDraw> of_small = small.Prepare(calls);
    const std::vector<PreparedDraw> of_large = large.Prepare(calls);
    // Each is first as often as the other.
    const bool small_first = round % 2 == 0;
    const auto in_turn = [&](const auto& measure) {
      const double first = small_first ? measure(small, of_small) : measure(large, of_large);
      const double second = small_first ? measure(large, of_large) : measure(small, of_small);
      return small_first ? std::pair(first, second) : std::pair(second, first);
    };
    const auto reserved = in_turn([](BenchChain& chain, const std::vector<PreparedDraw>& draws) {
      return chain.Reserve(draws);
    });
    const auto drawn = in_turn([](BenchChain& chain, const std::vector<PreparedDraw>& draws) {
      return chain.Draw(draws);
    });
    if (round == 0) continue;
    reserve.Add(reserved.first, reserved.second);
    draw.Add(drawn.first, drawn.second);
  }
  reserve.AddTo(scenario);
  draw.AddTo(scenario);
}

}  // namespace

Scenario RunChain(const BenchSettings& settings) {
  TempDir dir;
  BenchChain small(dir.path() + "/small.db", kSmallLots);
  BenchChain large(dir.path() + "/large.db", kLargeLots);
  Scenario scenario;
  scenario.name = "chain";
  Compare(small, large, std::min(settings.calls, kCallsMax), &scenario);
  const BenchChain::Lists lists = large.ListLevels();
  scenario.figures.push_back(
      AtMost("ListStockLevels of 20 sites, first page of 500", lists.first_page, "ms", 50));
  scenario.figures.push_back(
      AtMost("ListStockLevels of 20 sites, all 20 pages", lists.all_pages, "ms", 50));
  scenario.figures.push_back(
      AtMost("ListStockLevels of 20 sites, by product", lists.products, "ms", 50));
  scenario.figures.push_back(AtMost("TraceLot of 10,000 records", large.TraceLot(), "ms", 100));
  return scenario;
}

}  // namespace meso
