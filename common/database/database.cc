#include "common/database/database.h"

#include <limits>

#include "absl/synchronization/notification.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/database/engine_thread.h"

namespace meso {
namespace {

// Aligned like the sections that follow it: mold 1.10 (Debian 12's) otherwise places the read-only
// range one page too early in about one of 600 layouts, and the program does not start.
alignas(16) thread_local bool on_engine_thread = false;

// The two infinities at the ends of the range; absl would clamp them to other finite times.
constexpr int64_t kFuture = std::numeric_limits<int64_t>::max();
constexpr int64_t kPast = std::numeric_limits<int64_t>::min();

// Queues a request whose answer lands in `answer`, and waits. The Notification may be destroyed as
// soon as the wait returns: absl guarantees that Notify has let go of it by then.
template <typename Request>
absl::Status WaitFor(Work&& work, absl::Time deadline, const std::function<void(Request)>& submit) {
  MESO_CHECK(!OnEngineThread(), "an engine thread must not wait for its own engine");
  absl::Status answer;
  absl::Notification answered;
  Request request;
  request.work = std::move(work);
  request.deadline = deadline;
  request.done = [&answer, &answered](absl::Status status) {
    answer = std::move(status);
    answered.Notify();
  };
  submit(std::move(request));
  answered.WaitForNotification();
  return answer;
}

}  // namespace

void MarkEngineThread() { on_engine_thread = true; }
bool OnEngineThread() { return on_engine_thread; }

Value TimeValue(absl::Time time) {
  if (time == absl::InfiniteFuture()) return kFuture;
  if (time == absl::InfinitePast()) return kPast;
  return absl::ToUnixMicros(time);
}

absl::Time ToTime(int64_t stored_us) {
  if (stored_us == kFuture) return absl::InfiniteFuture();
  if (stored_us == kPast) return absl::InfinitePast();
  return absl::FromUnixMicros(stored_us);
}

Value NullIfEmpty(std::string text) {
  if (text.empty()) return std::monostate();
  return text;
}

bool Row::IsNull(size_t column) const {
  MESO_CHECK(column < values_.size(), "the answer has no such column");
  return std::holds_alternative<std::monostate>(values_[column]);
}

int64_t Row::Int(size_t column) const {
  if (IsNull(column)) return 0;
  const int64_t* value = std::get_if<int64_t>(&values_[column]);
  MESO_CHECK(value != nullptr, "the column is not an integer");
  return *value;
}

const std::string& Row::Text(size_t column) const {
  static const std::string& empty = *new std::string;
  if (IsNull(column)) return empty;
  const std::string* value = std::get_if<std::string>(&values_[column]);
  MESO_CHECK(value != nullptr, "the column is not text");
  return *value;
}

const std::string& Row::Bytes(size_t column) const {
  static const std::string& empty = *new std::string;
  if (IsNull(column)) return empty;
  const Blob* value = std::get_if<Blob>(&values_[column]);
  MESO_CHECK(value != nullptr, "the column is not bytes");
  return value->bytes;
}

absl::Time Row::Time(size_t column) const {
  return IsNull(column) ? absl::InfinitePast() : ToTime(Int(column));
}

absl::Status Database::Transact(Work work, absl::Time deadline) {
  return WaitFor<WriteRequest>(std::move(work), deadline,
                               [this](WriteRequest request) { Submit(std::move(request)); });
}

absl::Status Database::Read(Work work, absl::Time deadline) {
  return WaitFor<ReadRequest>(std::move(work), deadline,
                              [this](ReadRequest request) { SubmitRead(std::move(request)); });
}

absl::StatusOr<std::optional<Row>> QueryOne(Transaction& tx, const Sql& sql, Values args) {
  MESO_ASSIGN_OR_RETURN(meso::Rows rows, tx.Query(sql, std::move(args)));
  MESO_CHECK(rows.size() <= 1, "QueryOne got more than one row");
  if (rows.empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows.front()));
}

}  // namespace meso
