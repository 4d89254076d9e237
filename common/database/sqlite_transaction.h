// A closure's view of one SQLite transaction: checks the caller's deadline before each statement
// and remembers the first failure, so that a closure which goes on after one cannot commit.
//
// Made by the writer or a reader for one run of one closure, on the connection's thread.
#ifndef MESO_COMMON_DATABASE_SQLITE_TRANSACTION_H_
#define MESO_COMMON_DATABASE_SQLITE_TRANSACTION_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/database/database.h"
#include "common/database/sqlite_connection.h"

namespace meso {

// Until when somebody waits for the answer.
struct Patience {
  const Clock* clock = nullptr;
  absl::Time deadline = absl::InfiniteFuture();
  const std::function<bool()>* cancelled = nullptr;  // may be null
  bool IsOver() const;
};

class SqliteTransaction final : public Transaction {
 public:
  SqliteTransaction(SqliteConnection& connection, Patience patience)
      : connection_(connection), patience_(patience) {}

  absl::StatusOr<meso::Rows> Query(const Sql& sql, Values args, Expected expected) override;
  absl::Status Execute(const Sql& sql, Values args, Expected expected) override;
  absl::StatusOr<std::vector<meso::Rows>> QueryAll(
      std::vector<std::pair<Sql, Values>> reads) override;
  void AfterCommit(std::function<void()> action) override;

  // Runs the closure. Its own refusal if it has one, else the first failure of a statement.
  absl::Status Run(const std::function<absl::Status(Transaction&)>& work);
  // What is to be run after the commit.
  std::vector<std::function<void()>> TakeAfterCommit() { return std::move(after_commit_); }

 private:
  absl::Status RunStatement(const Sql& sql, const Values& args, const Expected& expected,
                            meso::Rows* rows);
  absl::Status StatusOfFailure(const SqliteOutcome& outcome, const Expected& expected) const;

  SqliteConnection& connection_;
  const Patience patience_;
  absl::Status failure_;
  std::vector<std::function<void()>> after_commit_;
};

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_SQLITE_TRANSACTION_H_
