// How many calls that name nobody, or no method, may leave an audit entry of their own.
//
// Whoever reaches the port can make such calls without end; they must be seen, and must not fill
// the disk. The first twenty each leave an entry, then ten a minute; the others are counted by
// reason, and one entry per heartbeat says how many there were. Thread-safe.
#ifndef MESO_COMMON_RPC_UNIDENTIFIED_CALLS_H_
#define MESO_COMMON_RPC_UNIDENTIFIED_CALLS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace meso {

class UnidentifiedCalls {
 public:
  // True when this call may leave an entry; else it is counted under `reason`.
  bool Admit(absl::string_view reason, absl::Time now);
  // The calls counted since the last time, by reason, and forgets them.
  std::map<std::string, int64_t> Take();
  // Counts them again: the entry could not be written.
  void GiveBack(const std::map<std::string, int64_t>& counts);

 private:
  absl::Mutex mutex_;
  double tokens_ ABSL_GUARDED_BY(mutex_) = 20;
  absl::Time filled_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::map<std::string, int64_t> held_back_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso

#endif  // MESO_COMMON_RPC_UNIDENTIFIED_CALLS_H_
