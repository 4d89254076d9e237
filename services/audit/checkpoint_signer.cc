#include "services/audit/checkpoint_signer.h"

#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "services/audit/store/audit_store.h"

namespace meso::audit {
namespace {

constexpr absl::Duration kGather = absl::Milliseconds(200);
constexpr absl::Duration kAfterFailure = absl::Milliseconds(500);
// Entries indexed before each signature while the index catches up: a fraction of a second.
constexpr uint64_t kEntriesPerBuild = 16384;

}  // namespace

void CheckpointSigner::Start() {
  thread_ = std::thread([this] { Run(); });
}

void CheckpointSigner::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void CheckpointSigner::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

bool CheckpointSigner::BuildIndex() {
  const absl::StatusOr<bool> behind = index_.Build(kEntriesPerBuild);
  if (behind.ok()) return *behind;
  Log(Severity::kError, "key index not built", {{"why", std::string(behind.status().message())}});
  return false;
}

absl::Status CheckpointSigner::Sign() {
  // What a reader sees is durable. The writer sees more: appends of its own group, which a crash
  // takes back together with the signature, but not the note that was remembered outside.
  uint64_t durable = 0;
  MESO_RETURN_IF_ERROR(database_.Read([&durable](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(durable, LoadTreeSize(tx));
    return absl::OkStatus();
  }));
  return database_.Transact(
      [this, durable](Transaction& tx) { return operations_.SignCheckpoint(tx, durable); });
}

void CheckpointSigner::Run() {
  const auto work_or_end = +[](CheckpointSigner* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) {
    return self->woken_ || self->stopping_;
  };
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(work_or_end, this));
      if (!woken_) return;
      woken_ = false;
    }
    const bool behind = BuildIndex();
    const absl::Status status = Sign();
    absl::MutexLock lock(&mutex_);
    if (!status.ok()) {
      Log(Severity::kError, "checkpoint not signed", {{"why", std::string(status.message())}});
      if (stopping_) return;
      woken_ = true;
    }
    index_.Wake();
    if (behind && !stopping_) woken_ = true;
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), status.ok() ? kGather : kAfterFailure);
  }
}

}  // namespace meso::audit
