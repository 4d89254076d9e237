// The raw limit beside every measured rate: recorded transactions replayed straight on SQLite with
// the same settings (WAL, synchronous=FULL, prepared statements), one per commit or in groups.
#ifndef MESO_TESTS_BENCH_SQLITE_FLOOR_H_
#define MESO_TESTS_BENCH_SQLITE_FLOOR_H_

#include <string>
#include <vector>

#include "tests/bench/recording_database.h"

namespace meso {

// Transactions per second of replaying all of `transactions` on the database file (which must be a
// copy of the one they were recorded on), `group` of them per commit. Ends the process when SQLite
// refuses a statement: the copy was not the same.
double ReplayRate(const std::string& file, const std::vector<RecordedTransaction>& transactions,
                  int group);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_SQLITE_FLOOR_H_
