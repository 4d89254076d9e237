// BookAppointment from an offer, through the whole suite: rate and latencies at several numbers of
// callers.
#ifndef MESO_TESTS_BENCH_BOOK_SCENARIO_H_
#define MESO_TESTS_BENCH_BOOK_SCENARIO_H_

#include "tests/bench/load.h"

namespace meso {

struct BookFigures {
  LoadResult one;   // 1 caller
  LoadResult many;  // 64 callers
};

// `bookings` per cell, every one for another patient and another slot; each cell has a fresh suite.
BookFigures RunBookScenario(int bookings);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_BOOK_SCENARIO_H_
