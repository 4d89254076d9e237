// The one place where time enters Meso.
//
// Applications hold a SystemClock and hand it down as Clock&; operations read it once per use case
// and pass plain absl::Time values into domain/, which never sees a clock. Tests use ManualClock,
// which moves only when told to. All implementations are thread-safe.
#ifndef MESO_COMMON_BASE_CLOCK_H_
#define MESO_COMMON_BASE_CLOCK_H_

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace meso {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's clock plus a fixed offset (`--clock_offset`; zero outside tests and
// demonstrations).
class SystemClock final : public Clock {
 public:
  explicit SystemClock(absl::Duration offset = absl::ZeroDuration()) : offset_(offset) {}
  absl::Time Now() const override;

 private:
  const absl::Duration offset_;
};

// A clock for tests: stands still until Set or Advance.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time now) : now_(now) {}
  absl::Time Now() const override;
  void Set(absl::Time now);
  void Advance(absl::Duration by);

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso

#endif  // MESO_COMMON_BASE_CLOCK_H_
