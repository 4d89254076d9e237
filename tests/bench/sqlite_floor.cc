#include "tests/bench/sqlite_floor.h"

#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <unordered_map>

#include "common/base/check.h"

namespace meso {
namespace {

class RawSqlite {
 public:
  explicit RawSqlite(const std::string& file) {
    MESO_CHECK(sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               nullptr) == SQLITE_OK,
               "the copy cannot be opened");
    for (const char* pragma :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=4000",
          "PRAGMA cache_size=-65536", "PRAGMA foreign_keys=ON"}) {
      Run(pragma);
    }
  }
  ~RawSqlite() {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }

  void Run(const char* sql) {
    char* error = nullptr;
    if (sqlite3_exec(db_, sql, nullptr, nullptr, &error) != SQLITE_OK) Fail(sql);
  }

  void Step(const RecordedStatement& recorded) {
    sqlite3_stmt*& statement = statements_[recorded.sql];
    if (statement == nullptr &&
        sqlite3_prepare_v3(db_, recorded.sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr) != SQLITE_OK) {
      Fail(recorded.sql.c_str());
    }
    for (size_t i = 0; i < recorded.args.size(); ++i) Bind(statement, i, recorded.args[i]);
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = sqlite3_step(statement);
    if (code != SQLITE_DONE) Fail(recorded.sql.c_str());
    sqlite3_reset(statement);
  }

 private:
  static void Bind(sqlite3_stmt* statement, size_t index, const Value& value) {
    const int at = static_cast<int>(index) + 1;
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      sqlite3_bind_int64(statement, at, *integer);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
      sqlite3_bind_blob(statement, at, blob->bytes.data(), static_cast<int>(blob->bytes.size()),
                        SQLITE_STATIC);
    } else {
      sqlite3_bind_null(statement, at);
    }
  }

  [[noreturn]] void Fail(const char* sql) {
    std::fprintf(stderr, "%s\n  in: %s\n", sqlite3_errmsg(db_), sql);
    MESO_CHECK(false, "a recorded statement cannot be replayed");
    std::abort();
  }

  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace

double ReplayRate(const std::string& file, const std::vector<RecordedTransaction>& transactions,
                  int group) {
  RawSqlite sqlite(file);
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < transactions.size(); ++i) {
    const bool first = i % static_cast<size_t>(group) == 0;
    const bool last = (i + 1) % static_cast<size_t>(group) == 0 || i + 1 == transactions.size();
    if (first) sqlite.Run("BEGIN IMMEDIATE");
    if (group > 1) sqlite.Run("SAVEPOINT member");
    for (const RecordedStatement& statement : transactions[i]) sqlite.Step(statement);
    if (group > 1) sqlite.Run("RELEASE member");
    if (last) sqlite.Run("COMMIT");
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return static_cast<double>(transactions.size()) / seconds;
}

}  // namespace meso
