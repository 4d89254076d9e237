#include "services/audit/assertion_watcher.h"

#include <algorithm>

#include "common/base/log.h"

namespace meso::audit {
namespace {

constexpr absl::Duration kGather = absl::Milliseconds(200);
constexpr absl::Duration kAfterFailure = absl::Seconds(1);
constexpr absl::Duration kLook = absl::Minutes(1);

}  // namespace

void AssertionWatcher::Start() {
  thread_ = std::thread([this] { Run(); });
}

void AssertionWatcher::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void AssertionWatcher::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void AssertionWatcher::Run() {
  const auto work_or_end = +[](AssertionWatcher* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) {
    return self->woken_ || self->stopping_;
  };
  absl::Duration rest = absl::ZeroDuration();
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(work_or_end, this), rest);
      if (stopping_) return;
      woken_ = false;
    }
    const absl::StatusOr<AssertionStep> step = operations_.Step();
    rest = kLook;
    if (!step.ok()) {
      Log(Severity::kError, "assertions not evaluated",
          {{"why", std::string(step.status().message())}});
    } else if (step->more) {
      rest = absl::ZeroDuration();
      continue;
    } else if (step->next_due) {
      rest = std::clamp(*step->next_due - clock_.Now(), kGather, kLook);
    }
    // Appends come in runs: one look for many of them.
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), step.ok() ? kGather : kAfterFailure);
    if (!step.ok()) woken_ = true;
  }
}

}  // namespace meso::audit
