// meso-bench: rates and latencies of the hot paths, each beside its raw limit of the same run.
//
//   meso-bench [--scenario=empty,draw,book,day,ledger,scan,chain,import,audit]
//              [--callers=1,16,64,256] [--calls=4000]
//              [--open_share=0.6] [--ledger_rows=10000] [--audit_entries=100000]
//              [--slow_fsync_us=1000] [--explain]
//              [--json=FILE] [--compare=FILE] [--gates]
//
// `ledger` draws at 10^4 and at 10^6 ledger rows. `import` is of 100,000 rows and `chain` of 20
// sites whatever the flags. Promises are made by draw and book (of 64 callers), chain, scan,
// import and audit. Prints tables on stdout; logs go to stderr. Exits 1 when a call failed, a gate
// is missed or a ratio is worse than in --compare; 2 on wrong flags.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/bench/scenarios.h"

ABSL_FLAG(std::vector<std::string>, scenario, std::vector<std::string>({"empty", "draw", "book"}),
          "which scenarios to run: empty, draw, book, day, ledger, scan, chain, import, audit");
ABSL_FLAG(std::vector<std::string>, callers, std::vector<std::string>({"1", "16", "64", "256"}),
          "how many callers at once, one cell each");
ABSL_FLAG(int, calls, 4000, "calls per cell; a quarter of it for book");
ABSL_FLAG(double, open_share, 0, "adds an open-loop cell at this share of the rate of 64 callers");
ABSL_FLAG(int, slow_fsync_us, 0, "makes every fsync slower by so many microseconds");
ABSL_FLAG(bool, explain, false, "print which SQL statements the raw limit's time goes to");
ABSL_FLAG(std::string, json, "", "write the figures to this file");
ABSL_FLAG(std::string, compare, "", "compare ratios with the figures in this file");
ABSL_FLAG(bool, gates, false,
          "check what is promised of draw and book with 64 callers, chain, scan, import and audit");
ABSL_FLAG(int, ledger_rows, 10000, "movements in the ledger before the draw cells");
ABSL_FLAG(int, audit_entries, 100000, "entries of the audit scenario's large log");

namespace {

constexpr char kFsyncVariable[] = "MESO_BENCH_FSYNC_US";

int Wrong(const std::string& what) {
  std::fprintf(stderr, "meso-bench: %s; see meso-bench --help\n", what.c_str());
  return 2;
}

// The raw limits must be measured with the same fsync as the services, so the whole program starts
// again with the library in front.
void StartAgainWithSlowFsync(char** argv) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  ::setenv("LD_PRELOAD", (self.parent_path() / "libslow_fsync.so").c_str(), 1);
  ::setenv(kFsyncVariable, absl::StrCat(absl::GetFlag(FLAGS_slow_fsync_us)).c_str(), 1);
  ::execv(self.c_str(), argv);
  std::perror("meso-bench: cannot start itself again");
  std::exit(1);
}

constexpr absl::string_view kScenarios[] = {"empty", "draw",  "book",   "day",  "ledger",
                                            "scan",  "chain", "import", "audit"};

bool IsScenario(absl::string_view name) {
  return std::find(std::begin(kScenarios), std::end(kScenarios), name) != std::end(kScenarios);
}

void RunScenario(const std::string& name, meso::BenchSettings settings, meso::Report* report) {
  if (name == "empty") {
    report->Add(meso::RunEmpty(settings));
  } else if (name == "draw") {
    report->Add(meso::RunDraw(settings));
  } else if (name == "book") {
    report->Add(meso::RunBook(settings));
  } else if (name == "day") {
    report->Add(meso::RunDay(settings));
  } else if (name == "chain") {
    report->Add(meso::RunChain(settings));
  } else if (name == "import") {
    report->Add(meso::RunImport(settings));
  } else if (name == "scan") {
    report->Add(meso::RunScan(settings));
  } else if (name == "audit") {
    report->Add(meso::RunAudit(settings));
  } else {  // ledger
    for (const int rows : {10000, 1000000}) {
      settings.ledger_rows = rows;
      meso::Scenario scenario = meso::RunDraw(settings);
      scenario.name = absl::StrCat("draw, ", rows, " ledger rows");
      report->Add(std::move(scenario));
    }
  }
}

int Judge(const meso::Report& report) {
  bool good = report.failures() == 0;
  if (const std::string file = absl::GetFlag(FLAGS_json); !file.empty()) {
    if (const absl::Status status = report.WriteJson(file); !status.ok()) {
      return Wrong(std::string(status.message()));
    }
  }
  if (!absl::GetFlag(FLAGS_compare).empty()) {
    const absl::StatusOr<int> worse = report.CountWorse();
    if (!worse.ok()) return Wrong(std::string(worse.status().message()));
    good = good && *worse == 0;
  }
  if (absl::GetFlag(FLAGS_gates)) {
    good = report.CheckGates() == 0 && good;
  }
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  if (absl::GetFlag(FLAGS_slow_fsync_us) > 0 && ::getenv(kFsyncVariable) == nullptr) {
    StartAgainWithSlowFsync(argv);
  }
  meso::BenchSettings settings;
  settings.calls = absl::GetFlag(FLAGS_calls);
  settings.ledger_rows = absl::GetFlag(FLAGS_ledger_rows);
  settings.audit_entries = absl::GetFlag(FLAGS_audit_entries);
  settings.open_share = absl::GetFlag(FLAGS_open_share);
  settings.explain = absl::GetFlag(FLAGS_explain);
  settings.callers.clear();
  for (const std::string& text : absl::GetFlag(FLAGS_callers)) {
    int callers = 0;
    if (!absl::SimpleAtoi(text, &callers) || callers < 1 || callers > 1024) {
      return Wrong(absl::StrCat("--callers: ", text, " is not between 1 and 1024"));
    }
    settings.callers.push_back(callers);
  }
  if (settings.calls < 20) return Wrong("--calls must be at least 20");
  // All flags are looked at before the first cell runs: a mistake must not cost a measured hour.
  const std::vector<std::string> scenarios = absl::GetFlag(FLAGS_scenario);
  for (const std::string& name : scenarios) {
    if (!IsScenario(name)) return Wrong(absl::StrCat("--scenario: there is no ", name));
  }
  if (settings.open_share > 0 &&
      std::find(settings.callers.begin(), settings.callers.end(), 64) == settings.callers.end()) {
    return Wrong("--open_share is a share of the rate of 64 callers: add 64 to --callers");
  }
  if (settings.open_share < 0 || settings.open_share > 1) {
    return Wrong("--open_share is between 0 and 1");
  }
  meso::Report report(absl::GetFlag(FLAGS_slow_fsync_us));
  if (const std::string file = absl::GetFlag(FLAGS_compare); !file.empty()) {
    const absl::Status read = report.CompareWith(file);
    if (!read.ok()) return Wrong(std::string(read.message()));
  }
  for (const std::string& name : scenarios) RunScenario(name, settings, &report);
  return Judge(report);
}
