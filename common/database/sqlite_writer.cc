#include "common/database/sqlite_writer.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/database/engine_thread.h"

namespace meso {
namespace {

constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kRollback[] = "ROLLBACK";
constexpr char kSavepoint[] = "SAVEPOINT member";
constexpr char kRelease[] = "RELEASE member";
constexpr char kRollbackTo[] = "ROLLBACK TO member";

}  // namespace

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection, const Clock& clock,
                           int group_size_max, OnGroup on_group)
    : connection_(std::move(connection)),
      clock_(clock),
      group_size_max_(static_cast<size_t>(std::max(1, group_size_max))),
      on_group_(std::move(on_group)),
      thread_([this] { Loop(); }) {}

SqliteWriter::~SqliteWriter() { Close(); }

void SqliteWriter::Submit(WriteRequest request) {
  {
    absl::MutexLock lock(&mutex_);
    if (!closing_) {
      queue_.push_back(std::move(request));
      if (idle_) arrived_.Signal();
      return;
    }
  }
  if (request.done) request.done(StorageUnavailable("the database is closed"));
}

size_t SqliteWriter::Queued() const {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

void SqliteWriter::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    arrived_.Signal();
  }
  if (thread_.joinable()) thread_.join();
  connection_.reset();
}

void SqliteWriter::Loop() {
  MarkEngineThread();
  std::vector<Member> group;
  while (Take(&group)) {
    const auto begin = std::chrono::steady_clock::now();
    RunGroup(absl::MakeSpan(group));
    if (on_group_) {
      const std::chrono::duration<double, std::milli> held =
          std::chrono::steady_clock::now() - begin;
      on_group_(static_cast<int>(group.size()), held.count());
    }
    group.clear();
  }
}

bool SqliteWriter::Take(std::vector<Member>* group) {
  absl::MutexLock lock(&mutex_);
  while (queue_.empty() && !closing_) {
    idle_ = true;
    arrived_.Wait(&mutex_);
    idle_ = false;
  }
  const size_t count = std::min(queue_.size(), group_size_max_);
  group->reserve(count);
  for (size_t i = 0; i < count; ++i) {
    group->push_back({std::move(queue_.front()), absl::OkStatus(), {}});
    queue_.pop_front();
  }
  return count > 0;
}

void SqliteWriter::RunGroup(absl::Span<Member> group) {
  while (!group.empty()) {
    if (group.size() == 1) return RunEachAlone(group);
    const Attempt attempt = TryTogether(group);
    switch (attempt.end) {
      case Attempt::End::kDurable:
      case Attempt::End::kCouldNotBegin:
        return Answer(group);
      case Attempt::End::kCouldNotCommit:
        // Nobody in particular is to blame; a small one may still fit where all did not.
        return RunEachAlone(group);
      case Attempt::End::kDiedAt:
        break;
    }
    // Members before the one that died had succeeded: they go together once more. The one that
    // died has the next transaction for itself. Each member runs at most three times.
    const absl::Span<Member> innocent = group.subspan(0, attempt.died_at);
    const Attempt again = innocent.empty() ? Attempt() : TryTogether(innocent);
    if (again.end == Attempt::End::kDurable || again.end == Attempt::End::kCouldNotBegin) {
      Answer(innocent);
    } else {
      RunEachAlone(innocent);
    }
    RunEachAlone(group.subspan(attempt.died_at, 1));
    group.remove_prefix(attempt.died_at + 1);
  }
}

SqliteWriter::Attempt SqliteWriter::TryTogether(absl::Span<Member> group) {
  if (const SqliteOutcome begun = connection_->Control(kBegin); !begun.ok()) {
    for (Member& member : group) member.result = SqliteStatus(begun);
    return {Attempt::End::kCouldNotBegin, 0};
  }
  for (size_t i = 0; i < group.size(); ++i) {
    if (!RunInSavepoint(group[i])) {
      Rollback();
      Log(Severity::kWarning, "a group of transactions died and runs again",
          {{"members", absl::StrCat(group.size())}, {"at", absl::StrCat(i)}});
      return {Attempt::End::kDiedAt, i};
    }
  }
  if (Commit().ok()) return {Attempt::End::kDurable, 0};
  Rollback();
  return {Attempt::End::kCouldNotCommit, 0};
}

// False when the group's transaction is gone or its savepoints cannot be relied on.
bool SqliteWriter::RunInSavepoint(Member& member) {
  if (!connection_->Control(kSavepoint).ok()) return false;
  member.result = RunWork(member);
  // A full disk, an I/O error or lack of memory has rolled back everybody's writes. Another
  // SAVEPOINT would now open a transaction of its own, and RELEASE commit it.
  if (!connection_->InTransaction()) return false;
  if (!member.result.ok()) {
    if (!connection_->Control(kRollbackTo).ok()) return false;
    if (member.request.on_refusal) {
      absl::Status written = RunRefusal(member, member.result);
      if (!connection_->InTransaction()) return false;
      if (!written.ok()) {
        member.result = std::move(written);
        member.after_commit.clear();
        if (!connection_->Control(kRollbackTo).ok()) return false;
      }
    }
  }
  return connection_->Control(kRelease).ok();
}

void SqliteWriter::RunEachAlone(absl::Span<Member> members) {
  for (Member& member : members) {
    RunAlone(member);
    Answer(absl::MakeSpan(&member, 1));
  }
}

void SqliteWriter::RunAlone(Member& member) {
  if (const SqliteOutcome begun = connection_->Control(kBegin); !begun.ok()) {
    member.result = SqliteStatus(begun);
    member.after_commit.clear();
    return;
  }
  member.result = RunWork(member);
  if (member.result.ok()) member.result = CommitAlone();
  if (member.result.ok()) return;
  Rollback();
  member.after_commit.clear();
  if (!member.request.on_refusal) return;
  if (const SqliteOutcome begun = connection_->Control(kBegin); !begun.ok()) {
    member.result = SqliteStatus(begun);
    return;
  }
  absl::Status written = RunRefusal(member, member.result);
  if (written.ok()) written = CommitAlone();
  if (written.ok()) return;
  Rollback();
  member.after_commit.clear();
  member.result = std::move(written);
}

absl::Status SqliteWriter::RunWork(Member& member) {
  SqliteTransaction tx(*connection_, {&clock_, member.request.deadline, &member.request.cancelled});
  absl::Status status = tx.Run(member.request.work);
  member.after_commit = status.ok() ? tx.TakeAfterCommit() : std::vector<std::function<void()>>();
  return status;
}

absl::Status SqliteWriter::RunRefusal(Member& member, const absl::Status& refusal) {
  // Who was refused must be recorded also when the caller no longer waits: no deadline here.
  SqliteTransaction tx(*connection_, {&clock_, absl::InfiniteFuture(), nullptr});
  absl::Status status =
      tx.Run([&](Transaction& inner) { return member.request.on_refusal(inner, refusal); });
  if (status.ok()) member.after_commit = tx.TakeAfterCommit();
  return status;
}

SqliteOutcome SqliteWriter::Commit() {
  MESO_FAILPOINT("database.before_commit");
  SqliteOutcome outcome = connection_->Control(kCommit);
  if (IsInputOutputError(outcome.code)) {
    // The kernel may have dropped the pages it could not write: neither "done" nor "not done" is
    // true. The next start reads what the disk really holds, and callers ask again by request_id.
    Log(Severity::kError, "an I/O error at COMMIT: the process ends",
        {{"code", absl::StrCat(outcome.code)}});
    std::abort();
  }
  MESO_FAILPOINT("database.after_commit");
  return outcome;
}

absl::Status SqliteWriter::CommitAlone() {
  if (!connection_->InTransaction()) {
    return StorageUnavailable("the transaction was rolled back by the database");
  }
  return SqliteStatus(Commit());
}

void SqliteWriter::Rollback() {
  if (connection_->InTransaction()) connection_->Control(kRollback);
}

void SqliteWriter::Answer(absl::Span<Member> members) {
  for (Member& member : members) {
    for (const std::function<void()>& action : member.after_commit) action();
    if (member.request.done) member.request.done(std::move(member.result));
  }
}

}  // namespace meso
