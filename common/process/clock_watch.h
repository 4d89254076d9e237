// Notices that the machine's clock was set back.
//
// Expiry dates, holds and clearances are compared with the clock: after a backward jump of more
// than a few seconds what has expired would look valid again, so the process says it is not ready
// until a person has looked (and restarted it), or the clock has caught up. Thread-safe.
#ifndef MESO_COMMON_PROCESS_CLOCK_WATCH_H_
#define MESO_COMMON_PROCESS_CLOCK_WATCH_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace meso {

class ClockWatch {
 public:
  // `now` is the clock's time, `uptime` that of a clock which cannot be set. FAILED_PRECONDITION
  // while `now` is more than 5 s behind where it should be by what was seen before.
  absl::Status Check(absl::Time now, absl::Duration uptime);

 private:
  absl::Mutex mutex_;
  // When the machine seems to have started: the latest estimate seen.
  absl::Time start_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace meso

#endif  // MESO_COMMON_PROCESS_CLOCK_WATCH_H_
