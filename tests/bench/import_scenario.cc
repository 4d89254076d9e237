// What an import of a large file costs, and how long everybody else waits for it.
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/database/migrator.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/export_operations.h"
#include "services/inventory/import_operations.h"
#include "tests/bench/scenarios.h"
#include "tests/bench/sqlite_floor.h"
#include "tests/bench/stock_database.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kRows = 100000;
constexpr int kSites = 20;
constexpr int kRounds = 3;
constexpr size_t kChunk = size_t{256} << 10;  // as large as a message of the RPC may be
constexpr int kPromisedSeconds = 20;
// Everything an import of new lots writes row by row, in the order that references allow.
constexpr const char* kTables[] = {"lot", "lot_purchase", "balance", "movement"};
// What an export has to know of every row.
constexpr char kShelves[] =
    "SELECT l.*, b.*, p.*, g.gtin FROM lot l JOIN balance b ON b.lot = l.id LEFT JOIN lot_purchase "
    "p ON p.lot = l.id JOIN product g ON g.name = l.product ORDER BY b.lot, b.site, b.unit";

class NobodyToAsk final : public inventory::InventoryPeers {
 public:
  absl::Status CatchUpWithScheduling(absl::Time) override { return absl::OkStatus(); }
};

std::string CodeOfSite(int n) { return n == 0 ? "par-1" : absl::StrCat("s-", n); }

// The opening balances of a chain: site by site, no two rows of a lot, numbers without an order.
std::string FileOfNewLots() {
  constexpr const char* kGtins[] = {"09521234000112", "09521234000334", "09521234001324"};
  std::string text =
      "site_code,gtin,lot,expiry,qty,unit,storage_location,received_at,supplier_ref,unit_cost,"
      "currency,hold\n";
  for (int i = 0; i < kRows; ++i) {
    const uint32_t number = static_cast<uint32_t>(i) * 2654435761U;
    absl::StrAppendFormat(&text, "%s,%s,B%08X,20%02d-%02d-%02d,40,ampoule,main,2025-01-15,",  //
                          CodeOfSite(i / (kRows / kSites)), kGtins[i % 3], number, 30 + i % 5,
                          1 + i % 12, 1 + i % 28);
    absl::StrAppend(&text, "INV-", i / 40, ",12.50,EUR,\n");
  }
  return text;
}

std::string Sha256Of(const std::string& text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

double SecondsSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

struct ImportTimes {
  double judged = 0;  // seconds
  double written = 0;
  double held = 0;  // the writer, at one time
  double exported = 0;
};

// An inventory database of its own for each round.
class ImportBench {
 public:
  explicit ImportBench(const std::string& file)
      : ids_(clock_),
        database_(OpenForBench(
            file, clock_,
            [this](int, double held_ms) { held_ms_.store(std::max(held_ms_.load(), held_ms)); })),
        operations_(clock_, ids_, [] {}),
        sites_(*database_, clock_, peers_),
        call_(ServiceContext("inventory", "bench")) {}

  void Prepare() {
    MESO_CHECK(Migrate(*database_, "inventory", InventoryMigrations(), ids_).ok(), "migrate");
    LoadRecipe(*database_, operations_, call_);
    RunMany(*database_, kSites - 1, [&](Transaction& tx, int i) {
      const SiteName site(absl::StrCat("sites/", CodeOfSite(i + 1)));
      return operations_.SaveSiteChange(tx, call_, {site, "Europe/Paris", "FR", 1});
    });
  }

  ImportTimes Run(const std::string& text) {
    ImportTimes times;
    held_ms_.store(0);
    const auto begin = SteadyClock::now();
    inventory::StockImportRun run(
        {operations_.use_case(), *database_, sites_,
         [](const inventory::ImportReport& report) { return absl::StrCat(report.rows); }},
        {SiteName(), /*opening_balance=*/true});
    Must(run.Begin());
    for (size_t at = 0; at < text.size(); at += kChunk) {
      Must(run.Take(call_, absl::string_view(text).substr(at, kChunk)));
    }
    Must(run.End(call_));
    times.judged = SecondsSince(begin);
    const auto judged = SteadyClock::now();
    const auto answer = run.Apply(
        call_, Sha256Of(text), [](int64_t) {}, nullptr);
    times.written = SecondsSince(judged);
    times.held = held_ms_.load() / 1000;
    Must(answer.status());
    MESO_CHECK(answer->report.imported_rows == kRows && answer->report.new_lots == kRows,
               "not every row was imported");
    times.exported = Export();
    return times;
  }

 private:
  static void Must(const absl::Status& status) {
    MESO_CHECK(status.ok(), std::string(status.message()).c_str());
  }

  double Export() {
    const inventory::ExportOperations exports(operations_.use_case());
    const auto begin = SteadyClock::now();
    Must(database_->Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const auto exported, exports.ExportStock(tx, call_, {}));
      MESO_CHECK(exported.rows == kRows, "not every row was exported");
      return absl::OkStatus();
    }));
    return SecondsSince(begin);
  }

  SystemClock clock_;
  Uuid7Source ids_;
  std::atomic<double> held_ms_{0};
  std::unique_ptr<Database> database_;
  const inventory::InventoryOperations operations_;
  NobodyToAsk peers_;
  inventory::KnownSites sites_;
  const CallContext call_;
};

Cell CellOf(const char* name, double seconds, double raw_seconds) {
  Cell cell;
  cell.scenario = "import";
  cell.name = name;
  cell.load.calls = kRows;
  cell.load.seconds = seconds;
  cell.load.rate = kRows / seconds;
  cell.floor = {kRows / raw_seconds, kRows / raw_seconds};
  return cell;
}

}  // namespace

Scenario RunImport(const BenchSettings&) {
  TempDir dir;
  const std::string empty = dir.path() + "/empty.db";
  ImportBench(empty).Prepare();
  const std::string text = FileOfNewLots();
  std::vector<TableRows> tables;
  std::array<std::vector<double>, 6> seconds;
  auto& [judged, written, held, exported, raw_writes, raw_reads] = seconds;
  for (int round = 0; round < kRounds; ++round) {
    const std::string file = absl::StrCat(dir.path(), "/", round, ".db");
    CopyDatabase(empty, file);
    const ImportTimes times = ImportBench(file).Run(text);
    judged.push_back(times.judged);
    written.push_back(times.written);
    held.push_back(times.held);
    exported.push_back(times.exported);
    raw_reads.push_back(QuerySeconds(file, kShelves));
    if (tables.empty()) {
      for (const char* table : kTables) {
        tables.push_back(ReadTable(file, table));
        MESO_CHECK(tables.back().rows.size() == kRows, "a table has not a row for each row");
      }
    }
    const std::string raw = file + ".raw";
    CopyDatabase(empty, raw);
    raw_writes.push_back(InsertSeconds(raw, tables));
  }
  Scenario scenario;
  scenario.name = "import";
  const double whole = Median(judged) + Median(written);
  scenario.cells = {CellOf("ImportStock, rows", whole, Median(raw_writes)),
                    CellOf("ExportStock, rows", Median(exported), Median(raw_reads))};
  scenario.figures = {
      AtMost("import of 100,000 rows", whole, "s", kPromisedSeconds),
      {"  of which reading and judging", Median(judged), "s"},
      {"  of which writing", Median(written), "s"},
      {"  the writer held, everybody else waits", Median(held), "s"},
      {"the same rows straight into SQLite", Median(raw_writes), "s"},
      {"the writer held / straight into SQLite", Median(held) / Median(raw_writes), "times"},
      {"export of the same", Median(exported), "s"},
      {"the same rows read by one statement", Median(raw_reads), "s"}};
  return scenario;
}

}  // namespace meso
