#include "common/database/sqlite_connection.h"

#include <algorithm>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace meso {
namespace {

// Texts come from a bounded set, but filters compiled for lists make many: the least recently used
// one goes.
constexpr size_t kStatementsMax = 512;
// How many virtual-machine steps a reader does between two looks at its deadline (about 0.1 ms).
constexpr int kStepsBetweenLooks = 10000;

constexpr const char* kWriterSettings[] = {
    "PRAGMA journal_mode=WAL",  "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA cache_size=-65536", "PRAGMA foreign_keys=ON",  "PRAGMA temp_store=MEMORY",
};
constexpr const char* kReaderSettings[] = {
    "PRAGMA query_only=ON",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
};
constexpr int kBusyTimeoutMs = 5000;

// A statement that changes the schema runs once: keeping it would only fill the cache.
bool IsSchemaChange(const std::string& sql) {
  return absl::StartsWithIgnoreCase(sql, "CREATE ") || absl::StartsWithIgnoreCase(sql, "DROP ") ||
         absl::StartsWithIgnoreCase(sql, "ALTER ") || absl::StartsWithIgnoreCase(sql, "PRAGMA ");
}

Value ColumnValue(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return static_cast<int64_t>(sqlite3_column_int64(statement, column));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement, column)));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
      return Blob{size == 0 ? std::string() : std::string(bytes, size)};
    }
    default:
      return std::monostate();
  }
}

int BindValue(sqlite3_stmt* statement, int position, const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return sqlite3_bind_int64(statement, position, *number);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, position, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Blob>(&value)) {
    return sqlite3_bind_blob64(statement, position, blob->bytes.data(), blob->bytes.size(),
                               SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, position);
}

int AskStop(void* context) {
  const auto* stop = static_cast<const std::function<bool()>*>(context);
  return (*stop)() ? 1 : 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path,
                                                                         Use use) {
  // Memory statistics take a process-wide lock at every allocation, and nobody reads them. A page
  // cache would begin with memory for twenty pages; so would the one of each small table that a
  // statement makes for itself, for a list behind IN in a query or in a CHECK, and getting and
  // giving back 80 KB costs more than the statement.
  static std::once_flag configured;
  std::call_once(configured, [] {
    if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0) != SQLITE_OK) {
      Log(Severity::kWarning, "SQLite was in use before it was set up: it will be slower", {});
    }
  });

  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (use == Use::kWriter ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  if (code != SQLITE_OK) {
    Log(Severity::kError, "the database cannot be opened",
        {{"file", path}, {"error", sqlite3_errstr(code)}});
    sqlite3_close(db);
    return SqliteStatus({code, ""});
  }
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(db));
  if (absl::Status status = connection->Configure(use); !status.ok()) return status;
  return connection;
}

absl::Status SqliteConnection::Configure(Use use) {
  sqlite3_busy_timeout(db_, kBusyTimeoutMs);
  const auto apply = [this](const char* setting) {
    Rows rows;
    SqliteOutcome outcome = Run(setting, {}, &rows, nullptr);
    const bool wants_wal = absl::EndsWith(setting, "=WAL");
    if (outcome.ok() && wants_wal && (rows.empty() || rows.front().Text(0) != "wal")) {
      return absl::Status(absl::StatusCode::kFailedPrecondition,
                          "the file system of the database cannot keep a write-ahead log");
    }
    return SqliteStatus(outcome);
  };
  if (use == Use::kWriter) {
    for (const char* setting : kWriterSettings) {
      if (absl::Status status = apply(setting); !status.ok()) return status;
    }
  } else {
    for (const char* setting : kReaderSettings) {
      if (absl::Status status = apply(setting); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

SqliteConnection::~SqliteConnection() {
  for (auto& [text, statement] : statements_) sqlite3_finalize(statement.handle);
  sqlite3_close(db_);
}

void SqliteConnection::InterruptWhen(const std::function<bool()>* stop) {
  if (stop == nullptr) {
    sqlite3_progress_handler(db_, 0, nullptr, nullptr);
  } else {
    sqlite3_progress_handler(db_, kStepsBetweenLooks, &AskStop,
                             const_cast<std::function<bool()>*>(stop));
  }
}

SqliteOutcome SqliteConnection::Run(const std::string& sql, const Values& args, Rows* rows,
                                    int64_t* changed) {
  Statement* statement = nullptr;
  SqliteOutcome outcome = Find(sql, &statement);
  if (!outcome.ok()) return outcome;
  outcome = Bind(*statement, args);
  int64_t returned = 0;
  if (outcome.ok()) outcome = StepAll(statement, rows, &returned);
  if (outcome.ok() && changed != nullptr) {
    *changed = statement->reads_only ? returned : sqlite3_changes64(db_);
  }
  // The error text is gone after the reset, so Fail() has taken it already. Bindings point into the
  // caller's arguments and are replaced before the next step.
  sqlite3_reset(statement->handle);
  if (!statement->kept) sqlite3_finalize(statement->handle);
  return outcome;
}

SqliteOutcome SqliteConnection::Find(const std::string& sql, Statement** found) {
  if (const auto it = statements_.find(sql); it != statements_.end()) {
    it->second.last_used = ++uses_;
    *found = &it->second;
    return {};
  }
  const bool keep = !IsSchemaChange(sql);
  Statement statement;
  SqliteOutcome outcome = Prepare(sql, keep, &statement);
  if (!outcome.ok()) return outcome;
  if (!keep) {
    passing_ = statement;
    *found = &passing_;
    return {};
  }
  if (statements_.size() >= kStatementsMax) EvictOne();
  statement.last_used = ++uses_;
  *found = &statements_.emplace(sql, std::move(statement)).first->second;
  return {};
}

SqliteOutcome SqliteConnection::Prepare(const std::string& sql, bool keep, Statement* statement) {
  const char* tail = nullptr;
  const int code =
      sqlite3_prepare_v3(db_, sql.c_str(), static_cast<int>(sql.size()) + 1,
                         keep ? SQLITE_PREPARE_PERSISTENT : 0, &statement->handle, &tail);
  if (code != SQLITE_OK) return Fail(code, sql);
  statement->reads_only = sqlite3_stmt_readonly(statement->handle) != 0;
  statement->kept = keep;
  const bool one_statement =
      statement->handle != nullptr &&
      (tail == nullptr || std::string(tail).find_first_not_of(" \t\r\n;") == std::string::npos);
  if (!one_statement || !NumberParameters(statement)) {
    Log(Severity::kError, "a statement is not one statement with parameters $1, $2, ...",
        {{"sql", sql}});
    sqlite3_finalize(statement->handle);
    return {SQLITE_MISUSE, ""};
  }
  return {};
}

bool SqliteConnection::NumberParameters(Statement* statement) {
  const int count = sqlite3_bind_parameter_count(statement->handle);
  statement->positions.assign(static_cast<size_t>(count), 0);
  for (int position = 1; position <= count; ++position) {
    const char* name = sqlite3_bind_parameter_name(statement->handle, position);
    int number = 0;
    if (name == nullptr || name[0] != '$' || !absl::SimpleAtoi(name + 1, &number)) return false;
    if (number < 1 || number > count || statement->positions[number - 1] != 0) return false;
    statement->positions[number - 1] = position;
  }
  return true;
}

SqliteOutcome SqliteConnection::Bind(const Statement& statement, const Values& args) {
  if (args.size() != statement.positions.size()) {
    Log(Severity::kError, "a statement got the wrong number of arguments",
        {{"sql", sqlite3_sql(statement.handle)}, {"arguments", absl::StrCat(args.size())}});
    return {SQLITE_MISUSE, ""};
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const int code = BindValue(statement.handle, statement.positions[i], args[i]);
    if (code != SQLITE_OK) return Fail(code, sqlite3_sql(statement.handle));
  }
  return {};
}

SqliteOutcome SqliteConnection::StepAll(Statement* statement, Rows* rows, int64_t* returned) {
  sqlite3_stmt* handle = statement->handle;
  int code = sqlite3_step(handle);
  const int columns = code == SQLITE_ROW ? sqlite3_column_count(handle) : 0;
  for (; code == SQLITE_ROW; code = sqlite3_step(handle)) {
    ++*returned;
    if (rows == nullptr) continue;
    Values values;
    values.reserve(static_cast<size_t>(columns));
    for (int i = 0; i < columns; ++i) values.push_back(ColumnValue(handle, i));
    rows->emplace_back(std::move(values));
  }
  return code == SQLITE_DONE ? SqliteOutcome() : Fail(code, sqlite3_sql(handle));
}

SqliteOutcome SqliteConnection::Fail(int code, const std::string& sql) {
  const int primary = code & 0xff;
  if (primary == SQLITE_CONSTRAINT) return {code, ConstraintName(code, sqlite3_errmsg(db_))};
  if (primary != SQLITE_INTERRUPT) {
    // For a wrong statement the driver's words name tables and columns; in other cases only its
    // general text is certain to hold no value.
    const char* why = primary == SQLITE_ERROR ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
    Log(Severity::kError, "a statement failed",
        {{"sql", sql}, {"code", absl::StrCat(code)}, {"error", why}});
  }
  return {code, ""};
}

void SqliteConnection::EvictOne() {
  const auto oldest = std::min_element(
      statements_.begin(), statements_.end(),
      [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; });
  sqlite3_finalize(oldest->second.handle);
  statements_.erase(oldest);
}

}  // namespace meso
