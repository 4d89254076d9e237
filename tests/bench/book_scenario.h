// BookAppointment from an offer, through the whole suite: rate and latencies at several numbers of
// callers, beside the sum of what it does to four databases.
#ifndef MESO_TESTS_BENCH_BOOK_SCENARIO_H_
#define MESO_TESTS_BENCH_BOOK_SCENARIO_H_

#include <map>
#include <string>

#include "tests/bench/load.h"
#include "tests/bench/sqlite_floor.h"

namespace meso {

struct BookFigures {
  std::map<std::string, Floor> services;  // by service: its transactions for one booking
  Floor floor;                            // all of them, one after the other
  LoadResult one;                         // 1 caller
  LoadResult many;                        // 64 callers
};

// `bookings` per cell, every one for another patient and another slot; each cell has a fresh suite.
BookFigures RunBookScenario(int bookings, bool explain = false);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_BOOK_SCENARIO_H_
