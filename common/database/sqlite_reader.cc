#include "common/database/sqlite_reader.h"

#include <utility>

#include "common/base/error.h"
#include "common/database/engine_thread.h"
#include "common/database/sqlite_transaction.h"

namespace meso {

SqliteReaders::SqliteReaders(std::vector<std::unique_ptr<SqliteConnection>> connections,
                             const Clock& clock)
    : clock_(clock), connections_(std::move(connections)) {
  for (const auto& connection : connections_) {
    threads_.emplace_back([this, &connection] { Loop(*connection); });
  }
}

SqliteReaders::~SqliteReaders() { Close(); }

void SqliteReaders::Submit(ReadRequest request) {
  {
    absl::MutexLock lock(&mutex_);
    if (!closing_) {
      queue_.push_back(std::move(request));
      arrived_.Signal();
      return;
    }
  }
  if (request.done) request.done(StorageUnavailable("the database is closed"));
}

void SqliteReaders::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    arrived_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  connections_.clear();
}

void SqliteReaders::Loop(SqliteConnection& connection) {
  MarkEngineThread();
  while (true) {
    ReadRequest request;
    {
      absl::MutexLock lock(&mutex_);
      while (queue_.empty() && !closing_) arrived_.Wait(&mutex_);
      if (queue_.empty()) return;
      request = std::move(queue_.front());
      queue_.pop_front();
    }
    absl::Status status = Run(connection, request);
    if (request.done) request.done(std::move(status));
  }
}

absl::Status SqliteReaders::Run(SqliteConnection& connection, const ReadRequest& request) {
  const Patience patience{&clock_, request.deadline, &request.cancelled};
  SqliteTransaction tx(connection, patience);
  if (const SqliteOutcome begun = connection.Control("BEGIN"); !begun.ok()) {
    return SqliteStatus(begun);
  }
  const bool may_stop = request.cancelled || request.deadline != absl::InfiniteFuture();
  const std::function<bool()> stop = [&patience] { return patience.IsOver(); };
  if (may_stop) connection.InterruptWhen(&stop);
  absl::Status status = tx.Run(request.work);
  if (may_stop) connection.InterruptWhen(nullptr);
  if (connection.InTransaction()) connection.Control("ROLLBACK");
  if (status.ok()) {
    for (const auto& action : tx.TakeAfterCommit()) action();
  }
  return status;
}

}  // namespace meso
