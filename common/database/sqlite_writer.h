// The one thread that writes to a SQLite file: group commit.
//
// It takes whatever is waiting (up to a limit, never waiting for more), runs each closure inside a
// savepoint of one transaction, commits once and then answers everybody. A member that is refused
// rolls back alone. An error that kills the whole transaction is pinned on the member that met it;
// the others run again. See sqlite_database.h for the promises. Submit is thread-safe.
#ifndef MESO_COMMON_DATABASE_SQLITE_WRITER_H_
#define MESO_COMMON_DATABASE_SQLITE_WRITER_H_

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/database/sqlite_connection.h"
#include "common/database/sqlite_transaction.h"

namespace meso {

class SqliteWriter {
 public:
  using OnGroup = std::function<void(int members, double held_ms)>;

  SqliteWriter(std::unique_ptr<SqliteConnection> connection, const Clock& clock, int group_size_max,
               OnGroup on_group);
  ~SqliteWriter();  // Close()

  // Queues the request; after Close it is refused at once, on this thread.
  void Submit(WriteRequest request);
  size_t Queued() const;
  // Answers everything queued, then ends the thread and the connection. Once.
  void Close();

 private:
  struct Member {
    WriteRequest request;
    absl::Status result;
    std::vector<std::function<void()>> after_commit;
  };
  // How a try to make several members durable in one commit ended.
  struct Attempt {
    enum class End { kDurable, kCouldNotBegin, kDiedAt, kCouldNotCommit };
    End end = End::kDurable;
    size_t died_at = 0;
  };

  void Loop();
  bool Take(std::vector<Member>* group);
  void RunGroup(absl::Span<Member> group);
  Attempt TryTogether(absl::Span<Member> group);
  bool RunInSavepoint(Member& member);
  void RunEachAlone(absl::Span<Member> members);
  void RunAlone(Member& member);
  absl::Status RunWork(Member& member);
  absl::Status RunRefusal(Member& member, const absl::Status& refusal);
  SqliteOutcome Commit();
  absl::Status CommitAlone();
  void Rollback();
  void Answer(absl::Span<Member> members);

  std::unique_ptr<SqliteConnection> connection_;
  const Clock& clock_;
  const size_t group_size_max_;
  const OnGroup on_group_;

  mutable absl::Mutex mutex_;
  absl::CondVar arrived_;
  std::deque<WriteRequest> queue_ ABSL_GUARDED_BY(mutex_);
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_SQLITE_WRITER_H_
