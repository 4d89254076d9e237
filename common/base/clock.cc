#include "common/base/clock.h"

#include "absl/time/clock.h"

namespace meso {

absl::Time SystemClock::Now() const { return absl::Now() + offset_; }

absl::Time ManualClock::Now() const {
  absl::MutexLock lock(&mutex_);
  return now_;
}

void ManualClock::Set(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  now_ = now;
}

void ManualClock::Advance(absl::Duration by) {
  absl::MutexLock lock(&mutex_);
  now_ += by;
}

}  // namespace meso
