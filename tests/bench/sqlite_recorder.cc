// A library preloaded into a service's process (LD_PRELOAD) for a benchmark: writes every statement
// that the writer runs, with its bound values, to the file named by MESO_BENCH_RECORDING.
//
// It stands between the service and SQLite's functions, so the service is measured and recorded as
// it is shipped. Only committed work is written: a transaction at COMMIT, each member of a group as
// a transaction of its own. Records: 's' sql, number of values, values; 'e' ends a transaction;
// numbers are 8 bytes in the machine's order, texts a number and their bytes. Read by
// recorded_work.cc.
#include <dlfcn.h>
#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

template <typename Function>
Function Real(const char* name) {
  auto* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function>(found);
}

void AppendNumber(std::string* to, int64_t number) {
  to->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void AppendText(std::string* to, const char* bytes, size_t size) {
  AppendNumber(to, static_cast<int64_t>(size));
  to->append(bytes, size);
}

// Each thread has its own connection, and only the writer's begins transactions.
struct ThreadRecording {
  bool in_transaction = false;
  std::string committed;  // members that ended well, or the whole
  std::string current;
  std::unordered_map<sqlite3_stmt*, std::vector<std::string>> values;
};

thread_local ThreadRecording recording;

void Write(const std::string& bytes) {
  static std::FILE* const file = [] {
    const char* const path = std::getenv("MESO_BENCH_RECORDING");
    return path == nullptr ? nullptr : std::fopen(path, "ab");
  }();
  if (file == nullptr) return;
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fflush(file);
}

void EndTransaction() {
  if (!recording.current.empty()) recording.committed += recording.current + 'e';
  recording.current.clear();
}

// True when the text is transaction control, which is followed but not recorded.
bool Control(const std::string& sql) {
  if (sql == "BEGIN IMMEDIATE") {
    recording.in_transaction = true;
  } else if (sql == "RELEASE member") {
    EndTransaction();
  } else if (sql == "ROLLBACK TO member" || sql == "SAVEPOINT member") {
    recording.current.clear();
  } else if (sql == "COMMIT") {
    EndTransaction();
    Write(recording.committed);
    recording.committed.clear();
    recording.in_transaction = false;
  } else if (sql == "ROLLBACK") {
    recording.current.clear();
    recording.committed.clear();
    recording.in_transaction = false;
  } else {
    return false;
  }
  return true;
}

void Record(sqlite3_stmt* statement) {
  const char* const text = sqlite3_sql(statement);
  if (text == nullptr) return;
  const std::string sql = text;
  if (Control(sql) || !recording.in_transaction) return;
  const std::vector<std::string>& values = recording.values[statement];
  const int count = sqlite3_bind_parameter_count(statement);
  recording.current += 's';
  AppendText(&recording.current, sql.data(), sql.size());
  AppendNumber(&recording.current, count);
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(i);
    recording.current += at < values.size() && !values[at].empty() ? values[at] : "n";
  }
}

void Keep(sqlite3_stmt* statement, int position, std::string value) {
  std::vector<std::string>& values = recording.values[statement];
  const auto count = static_cast<size_t>(position);
  if (values.size() < count) values.resize(count);
  values[count - 1] = std::move(value);
}

std::string Bytes(char kind, const void* bytes, size_t size) {
  std::string value(1, kind);
  AppendText(&value, static_cast<const char*>(bytes), size);
  return value;
}

}  // namespace

extern "C" {

int sqlite3_step(sqlite3_stmt* statement) {
  static const auto real = Real<int (*)(sqlite3_stmt*)>("sqlite3_step");
  if (sqlite3_stmt_busy(statement) == 0) Record(statement);
  return real(statement);
}

int sqlite3_bind_int64(sqlite3_stmt* statement, int position, sqlite3_int64 value) {
  static const auto real = Real<int (*)(sqlite3_stmt*, int, sqlite3_int64)>("sqlite3_bind_int64");
  std::string kept(1, 'i');
  AppendNumber(&kept, value);
  Keep(statement, position, std::move(kept));
  return real(statement, position, value);
}

int sqlite3_bind_null(sqlite3_stmt* statement, int position) {
  static const auto real = Real<int (*)(sqlite3_stmt*, int)>("sqlite3_bind_null");
  Keep(statement, position, "n");
  return real(statement, position);
}

int sqlite3_bind_text64(sqlite3_stmt* statement, int position, const char* text,
                        sqlite3_uint64 size, void (*destroy)(void*), unsigned char encoding) {
  static const auto real = Real<int (*)(sqlite3_stmt*, int, const char*, sqlite3_uint64,
                                        void (*)(void*), unsigned char)>("sqlite3_bind_text64");
  Keep(statement, position, Bytes('t', text, size));
  return real(statement, position, text, size, destroy, encoding);
}

int sqlite3_bind_blob64(sqlite3_stmt* statement, int position, const void* bytes,
                        sqlite3_uint64 size, void (*destroy)(void*)) {
  static const auto real =
      Real<int (*)(sqlite3_stmt*, int, const void*, sqlite3_uint64, void (*)(void*))>(
          "sqlite3_bind_blob64");
  Keep(statement, position, Bytes('b', bytes, size));
  return real(statement, position, bytes, size, destroy);
}

}  // extern "C"
