// The snapshot readers of a SQLite file: a few threads, each with its own connection that cannot
// write.
//
// A closure sees one state of the database, whatever is committed meanwhile. A reader may be
// interrupted in the middle of a statement when its caller has gone. Submit is thread-safe.
#ifndef MESO_COMMON_DATABASE_SQLITE_READER_H_
#define MESO_COMMON_DATABASE_SQLITE_READER_H_

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/database/sqlite_connection.h"

namespace meso {

class SqliteReaders {
 public:
  // One thread per connection.
  SqliteReaders(std::vector<std::unique_ptr<SqliteConnection>> connections, const Clock& clock);
  ~SqliteReaders();  // Close()

  // Queues the request; after Close it is refused at once, on this thread.
  void Submit(ReadRequest request);
  // Answers everything queued, then ends the threads and connections. Once.
  void Close();

 private:
  void Loop(SqliteConnection& connection);
  absl::Status Run(SqliteConnection& connection, const ReadRequest& request);

  const Clock& clock_;
  std::vector<std::unique_ptr<SqliteConnection>> connections_;

  absl::Mutex mutex_;
  absl::CondVar arrived_;
  std::deque<ReadRequest> queue_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_SQLITE_READER_H_
