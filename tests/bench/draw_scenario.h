// DrawStock of a three-product recipe: through the service at several numbers of callers, beside
// the same statements straight on SQLite.
#ifndef MESO_TESTS_BENCH_DRAW_SCENARIO_H_
#define MESO_TESTS_BENCH_DRAW_SCENARIO_H_

#include <string>
#include <vector>

#include "tests/bench/load.h"

namespace meso {

struct DrawFigures {
  double floor_single = 0;   // transactions/s, one per commit
  double floor_grouped = 0;  // in groups of 32
  LoadResult one;            // 1 caller
  LoadResult many;           // 64 callers
};

// `draws` per cell; every cell gets a database of the same age with `ledger_rows` movements.
DrawFigures RunDrawScenario(int draws, int ledger_rows);

// The rate of an empty RPC through ServeCall at 1 and 64 callers, in this process.
std::vector<LoadResult> RunEmptyCalls(int calls);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_DRAW_SCENARIO_H_
