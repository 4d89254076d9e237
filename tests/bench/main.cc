// meso-bench: rates and latencies of the hot paths, each beside its raw limit of the same run.
//
//   meso-bench [--scenario=draw,book,empty,ledger] [--calls=4000] [--ledger_rows=10000]
//              [--explain]
//
// `ledger` runs the draw cell at 10^4 and at 10^6 ledger rows. Prints a table on stdout. Exits 1
// when a call failed.
#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/match.h"
#include "tests/bench/book_scenario.h"
#include "tests/bench/draw_scenario.h"

ABSL_FLAG(std::string, scenario, "empty,draw,book", "which scenarios to run");
ABSL_FLAG(int, calls, 4000, "calls per cell");
ABSL_FLAG(bool, explain, false, "print which SQL statements the floors' time goes to");
ABSL_FLAG(int, ledger_rows, 10000, "movements in the ledger before the draw cells");

namespace {

int failures = 0;

void PrintCell(const char* name, const meso::LoadResult& result) {
  std::printf("%-38s %9.0f/s   p50 %7.2f ms   p99 %7.2f ms\n", name, result.rate, result.p50_ms,
              result.p99_ms);
  for (const auto& [error, count] : result.errors) {
    std::printf("    %d failed: %s\n", count, error.c_str());
    failures += count;
  }
}

void PrintFloor(const char* name, const meso::Floor& floor) {
  std::printf("%-38s %9.0f/s   in groups of 32 %9.0f/s\n", name, floor.single, floor.grouped);
}

void PrintRatios(const meso::LoadResult& many, const meso::Floor& floor) {
  std::printf("%-38s %9.2f\n", "64 callers / grouped floor", many.rate / floor.grouped);
  std::printf("%-38s %9.2f\n", "64 callers / one-per-commit floor", many.rate / floor.single);
}

void PrintDraw(const meso::DrawFigures& figures) {
  PrintFloor("floor: stock's statements on SQLite", figures.stock);
  PrintFloor("floor: with the append to the log", figures.floor);
  PrintCell("DrawStock, 1 caller", figures.one);
  PrintCell("DrawStock, 64 callers", figures.many);
  PrintRatios(figures.many, figures.floor);
}

void PrintBook(const meso::BookFigures& figures) {
  for (const auto& [service, floor] : figures.services) {
    PrintFloor(("floor: statements of " + service).c_str(), floor);
  }
  PrintFloor("floor: of all four", figures.floor);
  PrintCell("BookAppointment, 1 caller", figures.one);
  PrintCell("BookAppointment, 64 callers", figures.many);
  PrintRatios(figures.many, figures.floor);
}

}  // namespace

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const std::string scenario = absl::GetFlag(FLAGS_scenario);
  const int calls = absl::GetFlag(FLAGS_calls);
  const bool explain = absl::GetFlag(FLAGS_explain);
  if (absl::StrContains(scenario, "empty")) {
    const std::vector<meso::LoadResult> cells = meso::RunEmptyCalls(calls * 5);
    PrintCell("empty call through ServeCall, 1 caller", cells[0]);
    PrintCell("empty call, 64 callers", cells[1]);
  }
  if (absl::StrContains(scenario, "draw")) {
    PrintDraw(meso::RunDrawScenario(calls, absl::GetFlag(FLAGS_ledger_rows), explain));
  }
  if (absl::StrContains(scenario, "ledger")) {
    for (const int rows : {10000, 1000000}) {
      const meso::DrawFigures figures = meso::RunDrawScenario(calls, rows);
      std::printf("ledger of %d rows\n", rows);
      PrintDraw(figures);
    }
  }
  if (absl::StrContains(scenario, "book")) {
    PrintBook(meso::RunBookScenario(calls / 4, explain));
  }
  return failures == 0 ? 0 : 1;
}
