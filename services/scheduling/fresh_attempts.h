// The booking attempts that this process has begun and not run yet.
//
// Only for these is it certain that no stock has been asked for: a pending-work row alone can't
// tell, since a failing disk may keep a run from leaving any trace in it. Lost with the process,
// which is right: then nobody knows. Thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_FRESH_ATTEMPTS_H_
#define MESO_SERVICES_SCHEDULING_FRESH_ATTEMPTS_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

namespace meso::scheduling {

class FreshAttempts {
 public:
  // Before the attempt's row can be seen by anybody.
  void Add(const std::string& attempt) {
    absl::MutexLock lock(&mutex_);
    attempts_.insert(attempt);
  }

  // Forgets the attempt; true when it was there, thus at most once for each.
  bool Take(const std::string& attempt) {
    absl::MutexLock lock(&mutex_);
    return attempts_.erase(attempt) > 0;
  }

 private:
  absl::Mutex mutex_;
  absl::flat_hash_set<std::string> attempts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_FRESH_ATTEMPTS_H_
