// DrawStock of a three-product recipe: through the service at several numbers of callers, beside
// the same statements, with their entries' append, straight on SQLite.
#ifndef MESO_TESTS_BENCH_DRAW_SCENARIO_H_
#define MESO_TESTS_BENCH_DRAW_SCENARIO_H_

#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/sqlite_floor.h"

namespace meso {

struct DrawFigures {
  Floor stock;      // inventory's transactions alone
  Floor floor;      // and the audit service's appends of their entries
  LoadResult one;   // 1 caller
  LoadResult many;  // 64 callers
};

// `draws` per cell; every cell gets a database of the same age with `ledger_rows` movements.
DrawFigures RunDrawScenario(int draws, int ledger_rows, bool explain = false);

// The rate of an empty RPC through ServeCall at 1 and 64 callers, in this process.
std::vector<LoadResult> RunEmptyCalls(int calls);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_DRAW_SCENARIO_H_
