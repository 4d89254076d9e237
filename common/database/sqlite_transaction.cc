#include "common/database/sqlite_transaction.h"

#include "common/base/check.h"
#include "common/base/status_macros.h"

namespace meso {

bool Patience::IsOver() const {
  if (cancelled != nullptr && *cancelled && (*cancelled)()) return true;
  return deadline != absl::InfiniteFuture() && clock->Now() >= deadline;
}

absl::Status SqliteTransaction::Run(const std::function<absl::Status(Transaction&)>& work) {
  if (patience_.IsOver()) return CallerHasGone();
  absl::Status status = work(*this);
  return status.ok() ? failure_ : status;
}

absl::StatusOr<meso::Rows> SqliteTransaction::Query(const Sql& sql, Values args,
                                                    Expected expected) {
  meso::Rows rows;
  MESO_RETURN_IF_ERROR(RunStatement(sql, args, expected, &rows));
  return rows;
}

absl::Status SqliteTransaction::Execute(const Sql& sql, Values args, Expected expected) {
  // With the database in the same process there is no trip to save: the write runs at once.
  return RunStatement(sql, args, expected, nullptr);
}

absl::StatusOr<std::vector<meso::Rows>> SqliteTransaction::QueryAll(
    std::vector<std::pair<Sql, Values>> reads) {
  std::vector<meso::Rows> results(reads.size());
  for (size_t i = 0; i < reads.size(); ++i) {
    MESO_RETURN_IF_ERROR(
        RunStatement(reads[i].first, reads[i].second, Expected::Any(), &results[i]));
  }
  return results;
}

void SqliteTransaction::AfterCommit(std::function<void()> action) {
  after_commit_.push_back(std::move(action));
}

absl::Status SqliteTransaction::RunStatement(const Sql& sql, const Values& args,
                                             const Expected& expected, meso::Rows* rows) {
  if (!failure_.ok()) return failure_;
  if (patience_.IsOver()) return failure_ = CallerHasGone();
  int64_t changed = 0;
  const SqliteOutcome outcome = connection_.Run(sql.text(), args, rows, &changed);
  if (!outcome.ok()) {
    failure_ = StatusOfFailure(outcome, expected);
  } else if (expected.rows() && *expected.rows() != changed) {
    failure_ = expected.otherwise()();
    MESO_CHECK(!failure_.ok(), "what an unexpected count means must be an error");
  }
  return failure_;
}

absl::Status SqliteTransaction::StatusOfFailure(const SqliteOutcome& outcome,
                                                const Expected& expected) const {
  if (!outcome.constraint.empty()) {
    for (const auto& [name, because] : expected.constraints()) {
      if (name != outcome.constraint) continue;
      absl::Status status = because();
      MESO_CHECK(!status.ok(), "what a constraint's refusal means must be an error");
      return status;
    }
  }
  return SqliteStatus(outcome);
}

}  // namespace meso
