// What a service really did with its database while it was measured: every statement of its writer
// with the bound values, transaction by transaction.
//
// The recorder (sqlite_recorder.cc) is preloaded into the service's process and writes the file;
// this reads it, so that the same work can be replayed straight on SQLite as the raw limit.
#ifndef MESO_TESTS_BENCH_RECORDED_WORK_H_
#define MESO_TESTS_BENCH_RECORDED_WORK_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace meso {

// NULL, INTEGER, TEXT, BLOB, in SQLite's own order of parameters.
struct RecordedBlob {
  std::string bytes;
};
using RecordedValue = std::variant<std::monostate, int64_t, std::string, RecordedBlob>;

struct RecordedStatement {
  std::string sql;
  std::vector<RecordedValue> values;
};
using RecordedTransaction = std::vector<RecordedStatement>;

// Reads the recorder's file. With `bookkeeping` false only transactions of calls and of events
// taken in are kept; marking rows as delivered (what relays do between calls) is left out.
std::vector<RecordedTransaction> ReadRecordedWork(const std::string& file, bool bookkeeping);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_RECORDED_WORK_H_
