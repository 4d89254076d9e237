// The seam between Meso and its database engine.
//
// A store speaks SQL through Transaction; an operation runs as one closure over a Transaction; the
// engine decides how closures become durable. On SQLite one writer thread runs all waiting closures
// as savepoints inside one durable commit (group commit); on PostgreSQL queued writes travel in one
// pipeline. Neither a store nor an operation can tell the difference, and no answer leaves before
// COMMIT has returned.
//
// A closure may run more than once (the group died, a serialization conflict): it keeps no state
// outside itself other than what it overwrites completely at each run. Nothing inside a closure may
// call another service, Redis, or wait. Database is thread-safe. A Transaction belongs to its
// closure.
#ifndef MESO_COMMON_DATABASE_DATABASE_H_
#define MESO_COMMON_DATABASE_DATABASE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso {

// Bytes that are not text.
struct Blob {
  std::string bytes;
  friend bool operator==(const Blob& a, const Blob& b) { return a.bytes == b.bytes; }
};

// One SQL value: NULL, 64-bit integer, text, bytes. Times are stored as integer microseconds since
// the Unix epoch (TimeValue / TimeAt), booleans as 0 and 1. There are no floating-point columns.
using Value = std::variant<std::monostate, int64_t, std::string, Blob>;
using Values = std::vector<Value>;

Value TimeValue(absl::Time time);  // InfiniteFuture and InfinitePast are kept
absl::Time ToTime(int64_t stored_us);
Value NullIfEmpty(std::string text);

// One row of an answer. Reading a column as another type than it has is a programmer error, except
// that a NULL reads as 0, "" or InfinitePast.
class Row {
 public:
  explicit Row(Values values) : values_(std::move(values)) {}
  int64_t Int(size_t column) const;
  bool Bool(size_t column) const { return Int(column) != 0; }
  const std::string& Text(size_t column) const;
  const std::string& Bytes(size_t column) const;
  absl::Time Time(size_t column) const;
  bool IsNull(size_t column) const;
  size_t size() const { return values_.size(); }

 private:
  Values values_;
};
using Rows = std::vector<Row>;

// A statement's text with $1, $2, ... as parameters (numbered by first appearance). Statements are
// prepared once per connection and found again by text, so texts must come from a bounded set:
// literals, or a filter compiled by filter_sql.h.
class Sql {
 public:
  Sql(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  static Sql Dynamic(std::string text) { return Sql(std::move(text)); }
  const std::string& text() const { return text_; }

 private:
  explicit Sql(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// What a write must have done, and what its failure means. The functions build the Status only when
// needed.
class Expected {
 public:
  using Because = std::function<absl::Status()>;
  // Any number of changed rows is fine.
  static Expected Any() { return Expected(); }
  // Exactly `rows` rows change; otherwise the transaction fails with `otherwise()`.
  static Expected Rows(int64_t rows, Because otherwise) {
    Expected expected;
    expected.rows_ = rows;
    expected.otherwise_ = std::move(otherwise);
    return expected;
  }
  // When the named constraint refuses the write, the transaction fails with `status()`. The name is
  // a trigger's RAISE(ABORT, 'name') token, a CHECK constraint's name, or for UNIQUE / PRIMARY KEY
  // "table.column" of its first column.
  Expected& OnConstraint(std::string name, Because status) {
    constraints_.emplace_back(std::move(name), std::move(status));
    return *this;
  }

  std::optional<int64_t> rows() const { return rows_; }
  const Because& otherwise() const { return otherwise_; }
  const std::vector<std::pair<std::string, Because>>& constraints() const { return constraints_; }

 private:
  std::optional<int64_t> rows_;
  Because otherwise_;
  std::vector<std::pair<std::string, Because>> constraints_;
};

class Transaction {
 public:
  virtual ~Transaction() = default;

  // Runs a statement now and returns its rows; also for writes with RETURNING. What a decision
  // depends on is read with this. Errors: a registered constraint's Status; STORAGE_UNAVAILABLE;
  // DEADLINE_EXCEEDED when the caller's deadline has passed or it cancelled. After an error the
  // closure must return it.
  virtual absl::StatusOr<meso::Rows> Query(const Sql& sql, Values args,
                                           Expected expected = Expected::Any()) = 0;

  // Runs a write, possibly later (an engine may queue it and check the expectation at the next
  // Query or the end). A failed expectation fails the transaction even if the closure went on.
  virtual absl::Status Execute(const Sql& sql, Values args,
                               Expected expected = Expected::Any()) = 0;

  // Several independent reads in one trip; one result per statement, in order.
  virtual absl::StatusOr<std::vector<meso::Rows>> QueryAll(
      std::vector<std::pair<Sql, Values>> reads) = 0;

  // Runs `action` after this transaction has become durable (never if it fails): wake a relay, drop
  // a cached value. It runs on the engine's thread and must only hand over.
  virtual void AfterCommit(std::function<void()> action) = 0;
};

using Work = std::function<absl::Status(Transaction&)>;
// Runs in the same group after `work` was refused and rolled back to its savepoint: writes the
// entry that records the refusal.
using RefusalWork = std::function<absl::Status(Transaction&, const absl::Status& refusal)>;

struct WriteRequest {
  Work work;
  RefusalWork on_refusal;                        // may be empty
  absl::Time deadline = absl::InfiniteFuture();  // checked before each statement
  std::function<bool()> cancelled;               // may be empty; same
  // Called exactly once, after the commit (or the failure), on the engine's thread: it must only
  // hand over. The Status is work's. When on_refusal itself fails, the Status is on_refusal's (an
  // access that can't be recorded is refused as STORAGE_UNAVAILABLE).
  std::function<void(absl::Status)> done;
};

struct ReadRequest {
  Work work;
  absl::Time deadline = absl::InfiniteFuture();
  std::function<bool()> cancelled;
  std::function<void(absl::Status)> done;  // on a reader thread
};

class Database {
 public:
  virtual ~Database() = default;

  // Queues a closure for the writer. It sees all earlier committed and queued-before writes.
  virtual void Submit(WriteRequest request) = 0;
  // Queues a closure for a snapshot reader; it sees everything committed before it started. Writes
  // fail.
  virtual void SubmitRead(ReadRequest request) = 0;
  // Waits until everything queued before is answered, then stops taking work (later requests get
  // STORAGE_UNAVAILABLE).
  virtual void Close() = 0;
  // The number of write requests waiting (for metrics and shedding).
  virtual size_t QueuedWrites() const = 0;

  // Submit, and wait for the answer. Not from the engine's own threads.
  absl::Status Transact(Work work, absl::Time deadline = absl::InfiniteFuture());
  absl::Status Read(Work work, absl::Time deadline = absl::InfiniteFuture());
};

// Runs `sql` inside `tx` and returns the single row, nullopt when there is none. More than one row
// is a programmer error.
absl::StatusOr<std::optional<Row>> QueryOne(Transaction& tx, const Sql& sql, Values args);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_DATABASE_H_
