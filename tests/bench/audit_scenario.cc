// What the audit log costs at one size and at another: appending, proving, asking, verifying.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/bundle.h"
#include "tests/bench/audit_log_bench.h"
#include "tests/bench/scenarios.h"
#include "tests/bench/sqlite_floor.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr uint64_t kSmall = 10000;
constexpr int kBatched = 40000;
constexpr int kBatch = 1000;
constexpr int kSingle = 1000;
constexpr int kCalls = 1000;
// The rows of an entry, written again by SQLite alone.
constexpr const char* kTables[] = {"audit_entry",      "audit_payload_part", "audit_tree",
                                   "audit_tree_upper", "audit_key",          "audit_source_entry"};

double SecondsSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

void Must(const absl::Status& status) {
  MESO_CHECK(status.ok(), std::string(status.message()).c_str());
}

// Latencies of calls at random places of the log, in milliseconds, sorted.
std::vector<double> Milliseconds(int calls, uint64_t size,
                                 const std::function<void(uint64_t)>& call) {
  std::mt19937_64 random(1);
  std::vector<double> found;
  for (int i = 0; i < calls; ++i) {
    const uint64_t index = random() % size;
    const auto begin = SteadyClock::now();
    call(index);
    found.push_back(SecondsSince(begin) * 1e3);
  }
  std::sort(found.begin(), found.end());
  return found;
}

double Percentile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1,
                         static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

struct AuditTimes {
  double batched = 0;  // entries per second
  double single = 0;
  std::vector<double> proof_ms;
  std::vector<double> query_ms;
  std::vector<double> complete_ms;
  double verified = 0;  // entries per second
  double export_seconds = 0;
};

// Leaf hashes per second of leaves as long as these.
double HashRate(size_t leaf_size) {
  audit::Hasher hasher;
  const std::string leaf(leaf_size, 'x');
  constexpr int kHashes = 400000;
  unsigned sum = 0;
  const auto begin = SteadyClock::now();
  for (int i = 0; i < kHashes; ++i) sum += hasher.Leaf(leaf)[0];
  MESO_CHECK(sum > 0, "hashes are not all zero");
  return kHashes / SecondsSince(begin);
}

void ExportTo(AuditLogBench& log, const std::string& file) {
  std::unique_ptr<audit::Export> run;
  Must(log.database().Read([&](Transaction& tx) -> absl::Status {
    audit::ExportRequest request;
    request.payloads = true;
    MESO_ASSIGN_OR_RETURN(run, log.operations().BeginExport(tx, log.auditor(), request));
    return absl::OkStatus();
  }));
  std::ofstream out(file, std::ios::binary);
  while (!run->done) {
    audit::ExportStep step;
    Must(log.database().Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(step, log.operations().ReadExportStep(tx, *run));
      return absl::OkStatus();
    }));
    Must(audit::AuditOperations::WriteExportStep(
        log.auditor(), std::move(step), [] { return absl::OkStatus(); }, run.get()));
    out << run->writer.Take();
  }
  MESO_CHECK(out.good(), "the bundle is not written");
}

// A bundle of one patient, proven complete and checked, as the service makes it.
void ProveAll(AuditLogBench& log, const std::string& patient) {
  std::unique_ptr<audit::KeyExport> run;
  Must(log.database().Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(run, log.prove().BeginProof(tx, log.auditor(), {patient, false}));
    return absl::OkStatus();
  }));
  MESO_CHECK(!run->entries.empty(), "the patient has entries");
  while (!run->done) {
    audit::KeyExportStep step;
    Must(log.database().Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(step, log.prove().ReadProofStep(tx, *run));
      return absl::OkStatus();
    }));
    Must(audit::ProveOperations::WriteProofStep(
        log.auditor(), std::move(step), [] { return absl::OkStatus(); }, run.get()));
    run->writer.Take();
  }
}

AuditTimes Measure(AuditLogBench& log, const std::string& dir) {
  AuditTimes times;
  const uint64_t size = log.size();
  times.proof_ms = Milliseconds(kCalls, size, [&](uint64_t index) {
    Must(log.database().Read([&](Transaction& tx) {
      return log.operations().GetInclusionProof(tx, log.auditor(), {index, 0}).status();
    }));
  });
  times.query_ms = Milliseconds(kCalls, size, [&](uint64_t index) {
    const std::string filter = absl::StrCat("patient = \"", log.PatientOf(index & ~1ULL), "\"");
    Must(log.database().Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const auto page, log.operations().ListEntries(
                                                 tx, log.auditor(), {filter, 50, std::nullopt}));
      MESO_CHECK(!page.entries.empty(), "the patient has entries");
      return absl::OkStatus();
    }));
  });
  times.complete_ms = Milliseconds(
      kCalls / 4, size, [&](uint64_t index) { ProveAll(log, log.PatientOf(index & ~1ULL)); });
  const std::string bundle = absl::StrCat(dir, "/", size, ".bundle");
  auto begin = SteadyClock::now();
  ExportTo(log, bundle);
  times.export_seconds = SecondsSince(begin);
  std::ifstream in(bundle, std::ios::binary);
  begin = SteadyClock::now();
  audit::VerifyOptions options;
  options.keys = {log.operations().verifier()};
  const audit::VerifyReport report = audit::VerifyBundle(in, options);
  times.verified = static_cast<double>(log.size()) / SecondsSince(begin);
  MESO_CHECK(report.ok, report.problem.c_str());
  times.batched = kBatched / log.AppendSeconds(kBatched, kBatch);
  times.single = kSingle / log.AppendSeconds(kSingle, 1);
  log.Sign();
  return times;
}

// How much longer the median takes in a log ten times as large.
Figure Growth(const char* of, const std::vector<double>& small, const std::vector<double>& large,
              double tenfolds) {
  const double ratio = Percentile(large, 0.5) / Percentile(small, 0.5);
  return AtMost(absl::StrCat("  growth of the median ", of, ", per tenfold"),
                std::pow(ratio, 1 / std::max(1.0, tenfolds)), "times", 3);
}

Cell CellOf(const char* name, double rate, Floor floor) {
  Cell cell;
  cell.scenario = "audit";
  cell.name = name;
  cell.load.calls = kBatched;
  cell.load.rate = rate;
  cell.load.seconds = kBatched / rate;
  cell.floor = floor;
  return cell;
}

// What the rows of the small log cost SQLite alone: in one transaction, and one entry per commit.
Floor FloorOfRows(const std::string& empty, const std::string& full, const std::string& dir,
                  uint64_t entries) {
  std::vector<TableRows> tables;
  for (const char* table : kTables) tables.push_back(ReadTable(full, table));
  const std::string raw = dir + "/raw.db";
  CopyDatabase(empty, raw);
  Floor floor;
  floor.grouped = static_cast<double>(entries) / InsertSeconds(raw, tables);
  CopyDatabase(empty, raw);
  double seconds = 0;
  for (int i = 0; i < kSingle / 4; ++i) {
    std::vector<TableRows> one;
    for (const TableRows& table : tables) {
      const size_t share = table.rows.size() / entries;
      TableRows part{table.insert, {}};
      for (size_t k = 0; k < share; ++k) part.rows.push_back(table.rows[i * share + k]);
      one.push_back(std::move(part));
    }
    seconds += InsertSeconds(raw, one);
  }
  floor.single = kSingle / 4 / seconds;
  return floor;
}

}  // namespace

Scenario RunAudit(const BenchSettings& settings) {
  const uint64_t large = std::max<uint64_t>(kSmall, static_cast<uint64_t>(settings.audit_entries));
  TempDir dir;
  const std::string empty = dir.path() + "/empty.db";
  const std::string file = dir.path() + "/log.db";
  { AuditLogBench make(empty, large); }
  // Logs of their own: a patient has as many entries in the small one as in the large one.
  const auto measure = [&](uint64_t size) {
    CopyDatabase(empty, file);
    AuditLogBench log(file, size);
    log.FillTo(size);
    return Measure(log, dir.path());
  };
  const AuditTimes small = measure(kSmall);
  const AuditTimes times = measure(large);
  const std::string sample = dir.path() + "/sample.db";
  CopyDatabase(empty, sample);
  {
    AuditLogBench log(sample, large);
    log.FillTo(kSmall);
  }
  const Floor floor = FloorOfRows(empty, sample, dir.path(), kSmall);
  const double hashes = HashRate(700);
  Scenario scenario;
  scenario.name = "audit";
  scenario.cells = {CellOf("append, by 1000", times.batched, {floor.grouped, floor.grouped}),
                    CellOf("append, one by one", times.single, {floor.single, floor.single})};
  const std::string at = absl::StrCat(" at ", large);
  const double tenfolds = std::log10(static_cast<double>(large) / kSmall);
  scenario.figures = {
      AtLeast("append by 1000" + at, times.batched, "/s", 20000),
      {"  the same rows straight into SQLite, one transaction", floor.grouped, "/s"},
      {absl::StrCat("  and at ", kSmall), small.batched, "/s"},
      AtLeast("append one by one / a raw insert of its rows", times.single / floor.single, "times",
              0.4),
      AtMost("inclusion proof p99" + at, Percentile(times.proof_ms, 0.99), "ms", 2),
      {absl::StrCat("  and at ", kSmall), Percentile(small.proof_ms, 0.99), "ms"},
      Growth("proof", small.proof_ms, times.proof_ms, tenfolds),
      AtMost("query by patient p99" + at, Percentile(times.query_ms, 0.99), "ms", 20),
      {absl::StrCat("  and at ", kSmall), Percentile(small.query_ms, 0.99), "ms"},
      Growth("query", small.query_ms, times.query_ms, tenfolds),
      AtMost("all entries of a patient, proven complete, p99" + at,
             Percentile(times.complete_ms, 0.99), "ms", 20),
      {absl::StrCat("  and at ", kSmall), Percentile(small.complete_ms, 0.99), "ms"},
      Growth("proof of a patient", small.complete_ms, times.complete_ms, tenfolds),
      {"  and their medians: proof", Percentile(times.proof_ms, 0.5), "ms"},
      {"  query", Percentile(times.query_ms, 0.5), "ms"},
      {"  all entries of a patient", Percentile(times.complete_ms, 0.5), "ms"},
      AtLeast("verification from disk" + at, times.verified, "/s", 300000),
      {absl::StrCat("  and at ", kSmall), small.verified, "/s"},
      {"  SHA-256 of a leaf of 700 bytes", hashes, "/s"},
      {"  verification / SHA-256 of its leaves", times.verified / hashes, "times"},
      {"export" + at, times.export_seconds, "s"}};
  return scenario;
}

}  // namespace meso
