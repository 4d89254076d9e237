// Wraps a Database and keeps every statement with its parameters, transaction by transaction, so
// that a benchmark can replay exactly the same work straight on SQLite. Not thread-safe: one
// closure at a time.
#ifndef MESO_TESTS_BENCH_RECORDING_DATABASE_H_
#define MESO_TESTS_BENCH_RECORDING_DATABASE_H_

#include <string>
#include <utility>
#include <vector>

#include "common/database/database.h"

namespace meso {

struct RecordedStatement {
  std::string sql;
  Values args;
};
using RecordedTransaction = std::vector<RecordedStatement>;

class RecordingDatabase final : public Database {
 public:
  explicit RecordingDatabase(Database& inner) : inner_(inner) {}

  void Submit(WriteRequest request) override;
  void SubmitRead(ReadRequest request) override { inner_.SubmitRead(std::move(request)); }
  void Close() override { inner_.Close(); }
  size_t QueuedWrites() const override { return inner_.QueuedWrites(); }

  // The transactions recorded so far.
  const std::vector<RecordedTransaction>& transactions() const { return transactions_; }

 private:
  Database& inner_;
  std::vector<RecordedTransaction> transactions_;
};

}  // namespace meso

#endif  // MESO_TESTS_BENCH_RECORDING_DATABASE_H_
