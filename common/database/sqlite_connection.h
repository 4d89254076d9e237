// One connection to a SQLite file with its prepared statements.
//
// Statements are prepared once and found again by text. Parameters are $1, $2, ...: to SQLite these
// are names numbered by first appearance, so they are bound by the number in their name and checked
// when prepared. Every statement is reset after its last step. Used by one thread at a time.
#ifndef MESO_COMMON_DATABASE_SQLITE_CONNECTION_H_
#define MESO_COMMON_DATABASE_SQLITE_CONNECTION_H_

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "common/database/sqlite_error.h"

namespace meso {

class SqliteConnection {
 public:
  enum class Use { kWriter, kReader };

  // Opens the file with the settings of its use (the writer creates it). STORAGE_UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const std::string& path, Use use);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Runs one statement to its end; `rows` (may be null) gets its answer, `changed` the number of
  // rows it changed, or returned when it only reads. The outcome carries the error, already logged
  // unless it is a constraint's or an interruption.
  SqliteOutcome Run(const std::string& sql, const Values& args, Rows* rows, int64_t* changed);

  // Transaction control, by texts that need no arguments.
  SqliteOutcome Control(const char* sql) { return Run(sql, {}, nullptr, nullptr); }

  // False when SQLite has rolled back the transaction by itself.
  bool InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

  // For readers: `stop` is asked now and then while a statement runs; true interrupts it. The
  // function must stay valid until the next call. Never for the writer: an interrupted write rolls
  // back its whole group.
  void InterruptWhen(const std::function<bool()>* stop);

 private:
  struct Statement {
    sqlite3_stmt* handle = nullptr;
    std::vector<int> positions;  // positions[n - 1] = SQLite's index of $n
    bool reads_only = false;
    bool kept = false;  // in the cache
    uint64_t last_used = 0;
  };

  explicit SqliteConnection(sqlite3* db) : db_(db) {}
  absl::Status Configure(Use use);
  SqliteOutcome Find(const std::string& sql, Statement** found);
  SqliteOutcome Prepare(const std::string& sql, bool keep, Statement* statement);
  bool NumberParameters(Statement* statement);
  SqliteOutcome Bind(const Statement& statement, const Values& args);
  SqliteOutcome StepAll(Statement* statement, Rows* rows, int64_t* returned);
  SqliteOutcome Fail(int code, const std::string& sql);
  void EvictOne();

  sqlite3* const db_;
  absl::flat_hash_map<std::string, Statement> statements_;
  Statement passing_;  // the one that is not kept
  uint64_t uses_ = 0;
};

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_SQLITE_CONNECTION_H_
