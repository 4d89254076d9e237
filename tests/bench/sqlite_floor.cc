#include "tests/bench/sqlite_floor.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/check.h"

namespace meso {
namespace {

constexpr int kGroup = 32;

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
    Step(Prepared(recorded.sql), recorded.values, [](sqlite3_stmt*) {});
  }

  sqlite3_stmt* Prepared(const std::string& sql) {
    sqlite3_stmt*& statement = statements_[sql];
    if (statement == nullptr && sqlite3_prepare_v3(db_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                                                   &statement, nullptr) != SQLITE_OK) {
      Fail(sql.c_str());
    }
    return statement;
  }

  // Runs the statement to its end; `row` sees each row of its answer.
  template <typename RowSeen>
  void Step(sqlite3_stmt* statement, const std::vector<RecordedValue>& values, const RowSeen& row) {
    for (size_t i = 0; i < values.size(); ++i) Bind(statement, i, values[i]);
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) row(statement);
    if (code != SQLITE_DONE) Fail(sqlite3_sql(statement));
    sqlite3_reset(statement);
  }

 private:
  static void Bind(sqlite3_stmt* statement, size_t index, const RecordedValue& value) {
    const int at = static_cast<int>(index) + 1;
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      sqlite3_bind_int64(statement, at, *integer);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
    } else if (const auto* blob = std::get_if<RecordedBlob>(&value)) {
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

RecordedValue ColumnValue(sqlite3_stmt* statement, int column) {
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_TEXT:
      return std::string(static_cast<const char*>(sqlite3_column_blob(statement, column)), size);
    case SQLITE_BLOB:
      return RecordedBlob{
          std::string(static_cast<const char*>(sqlite3_column_blob(statement, column)), size)};
    default:
      return std::monostate();
  }
}

// Seconds that the transactions take, `group` of them per commit.
double ReplaySeconds(const std::string& file, const std::vector<RecordedTransaction>& transactions,
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
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Prints which statements the time goes to, per call, the costliest first.
void Explain(const std::string& service, const std::string& file,
             const std::vector<RecordedTransaction>& transactions, int calls) {
  struct Cost {
    double seconds = 0;
    int times = 0;
  };
  std::unordered_map<std::string, Cost> costs;
  RawSqlite sqlite(file);
  sqlite.Run("BEGIN IMMEDIATE");
  for (const RecordedTransaction& transaction : transactions) {
    for (const RecordedStatement& statement : transaction) {
      Cost& cost = costs[statement.sql];
      const auto begin = std::chrono::steady_clock::now();
      sqlite.Step(statement);
      cost.seconds +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      ++cost.times;
    }
  }
  sqlite.Run("COMMIT");
  std::vector<std::pair<std::string, Cost>> sorted(costs.begin(), costs.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  std::printf("%s: %.1f transactions a call; microseconds a call, times a call, statement\n",
              service.c_str(), static_cast<double>(transactions.size()) / calls);
  for (size_t i = 0; i < std::min<size_t>(sorted.size(), 12); ++i) {
    const auto& [sql, cost] = sorted[i];
    std::printf("  %8.1f %6.2f  %s\n", 1e6 * cost.seconds / calls,
                static_cast<double>(cost.times) / calls, sql.substr(0, 150).c_str());
  }
}

std::string DataFile(const Suite& suite, const std::string& service) {
  return absl::StrCat(suite.dir(), "/data/", service, ".db");
}

}  // namespace

TableRows ReadTable(const std::string& file, const std::string& table) {
  RawSqlite sqlite(file);
  TableRows read;
  sqlite3_stmt* const statement = sqlite.Prepared(absl::StrCat("SELECT * FROM ", table));
  const int columns = sqlite3_column_count(statement);
  std::vector<std::string> names;
  for (int i = 0; i < columns; ++i) names.emplace_back(sqlite3_column_name(statement, i));
  read.insert = absl::StrCat("INSERT INTO ", table, " (", absl::StrJoin(names, ", "), ") VALUES (",
                             absl::StrJoin(std::vector<std::string>(names.size(), "?"), ", "), ")");
  sqlite.Step(statement, {}, [&](sqlite3_stmt* row) {
    std::vector<RecordedValue>& values = read.rows.emplace_back();
    for (int i = 0; i < columns; ++i) values.push_back(ColumnValue(row, i));
  });
  return read;
}

double InsertSeconds(const std::string& file, const std::vector<TableRows>& tables) {
  RawSqlite sqlite(file);
  const auto begin = std::chrono::steady_clock::now();
  sqlite.Run("BEGIN IMMEDIATE");
  for (const TableRows& table : tables) {
    sqlite3_stmt* const insert = sqlite.Prepared(table.insert);
    for (const std::vector<RecordedValue>& row : table.rows) {
      sqlite.Step(insert, row, [](sqlite3_stmt*) {});
    }
  }
  sqlite.Run("COMMIT");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double QuerySeconds(const std::string& file, const std::string& sql) {
  RawSqlite sqlite(file);
  const auto begin = std::chrono::steady_clock::now();
  sqlite3_stmt* const statement = sqlite.Prepared(sql);
  const int columns = sqlite3_column_count(statement);
  size_t bytes = 0;
  sqlite.Step(statement, {}, [&](sqlite3_stmt* row) {
    for (int i = 0; i < columns; ++i) {
      bytes += sqlite3_column_text(row, i) == nullptr ? 0 : sqlite3_column_bytes(row, i);
    }
  });
  MESO_CHECK(bytes > 0, "the statement has answered nothing");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void CopyDatabase(const std::string& from, const std::string& to) {
  std::filesystem::create_directories(std::filesystem::path(to).parent_path());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(to + suffix);
    if (std::filesystem::exists(from + suffix)) {
      std::filesystem::copy_file(from + suffix, to + suffix);
    }
  }
}

std::string FloorRecording::Copy(const std::string& service) const {
  return absl::StrCat(suite_.dir(), "/floor/", service, ".db");
}

std::string FloorRecording::Recording(const std::string& service) const {
  return absl::StrCat(suite_.dir(), "/floor/", service, ".recording");
}

FloorRecording::FloorRecording(Suite& suite, std::vector<std::string> services)
    : suite_(suite), services_(std::move(services)) {
  const std::string recorder =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libsqlite_recorder.so")
          .string();
  MESO_CHECK(std::filesystem::exists(recorder),
             "libsqlite_recorder.so is not beside the benchmark");
  const char* const already = std::getenv("LD_PRELOAD");
  const std::string preload = already == nullptr ? recorder : absl::StrCat(recorder, ":", already);
  // Callers stop before the called and start after them.
  for (const std::string& service : services_) suite_.Terminate(service);
  for (auto service = services_.rbegin(); service != services_.rend(); ++service) {
    CopyDatabase(DataFile(suite_, *service), Copy(*service));
    suite_.SetEnvironment({{"LD_PRELOAD", preload}, {"MESO_BENCH_RECORDING", Recording(*service)}});
    suite_.Start(*service);
  }
  suite_.SetEnvironment({});
}

std::map<std::string, Floor> FloorRecording::Replay(int calls, bool explain) {
  for (const std::string& service : services_) suite_.Terminate(service);
  std::map<std::string, Floor> floors;
  for (const std::string& service : services_) {
    const std::vector<RecordedTransaction> work = ReadRecordedWork(Recording(service), false);
    const std::string file = absl::StrCat(Copy(service), ".replay");
    Floor& floor = floors[service];
    CopyDatabase(Copy(service), file);
    floor.single = calls / ReplaySeconds(file, work, 1);
    CopyDatabase(Copy(service), file);
    floor.grouped = calls / ReplaySeconds(file, work, kGroup);
    if (explain) {
      CopyDatabase(Copy(service), file);
      Explain(service, file, work, calls);
    }
  }
  return floors;
}

Floor SumOf(const std::map<std::string, Floor>& floors) {
  Floor seconds;
  for (const auto& [service, floor] : floors) {
    seconds.single += 1 / floor.single;
    seconds.grouped += 1 / floor.grouped;
  }
  return {1 / seconds.single, 1 / seconds.grouped};
}

}  // namespace meso
