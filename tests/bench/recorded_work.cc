#include "tests/bench/recorded_work.h"

#include <cstring>
#include <fstream>

#include "absl/strings/match.h"
#include "common/base/check.h"

namespace meso {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& file) : in_(file, std::ios::binary) {
    MESO_CHECK(in_.good(), "nothing was recorded");
  }

  // The next record's kind: 's'tatement or 'e'nd of a transaction; 0 at the end of the file.
  char Kind() {
    const int kind = in_.get();
    return kind == std::char_traits<char>::eof() ? '\0' : static_cast<char>(kind);
  }
  int64_t Number() {
    int64_t number = 0;
    in_.read(reinterpret_cast<char*>(&number), sizeof(number));
    MESO_CHECK(in_.good(), "the recording is cut off");
    return number;
  }
  std::string Text() {
    std::string text(static_cast<size_t>(Number()), '\0');
    in_.read(text.data(), static_cast<std::streamsize>(text.size()));
    MESO_CHECK(in_.good(), "the recording is cut off");
    return text;
  }
  RecordedValue Value() {
    switch (Kind()) {
      case 'n':
        return std::monostate();
      case 'i':
        return Number();
      case 't':
        return Text();
      case 'b':
        return RecordedBlob{Text()};
      default:
        MESO_CHECK(false, "the recording holds a value of no known kind");
        return std::monostate();
    }
  }

 private:
  std::ifstream in_;
};

bool IsBookkeeping(const RecordedStatement& statement) {
  for (const char* start :
       {"SELECT", "DELETE FROM meso_audit", "DELETE FROM meso_reply", "UPDATE meso_source",
        "INSERT INTO meso_source", "INSERT INTO meso_audit (sequence"}) {
    if (absl::StartsWith(statement.sql, start)) return true;
  }
  return false;
}

bool IsCallsWork(const RecordedTransaction& transaction) {
  for (const RecordedStatement& statement : transaction) {
    if (!IsBookkeeping(statement)) return true;
  }
  return false;
}

}  // namespace

std::vector<RecordedTransaction> ReadRecordedWork(const std::string& file, bool bookkeeping) {
  Reader reader(file);
  std::vector<RecordedTransaction> transactions;
  RecordedTransaction current;
  for (char kind = reader.Kind(); kind != '\0'; kind = reader.Kind()) {
    if (kind == 's') {
      RecordedStatement statement;
      statement.sql = reader.Text();
      statement.values.resize(static_cast<size_t>(reader.Number()));
      for (RecordedValue& value : statement.values) value = reader.Value();
      current.push_back(std::move(statement));
      continue;
    }
    if (bookkeeping || IsCallsWork(current)) transactions.push_back(std::move(current));
    current.clear();
  }
  return transactions;
}

}  // namespace meso
