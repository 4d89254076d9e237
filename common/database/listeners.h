// Functions to call after a commit that left something for a relay. Process-wide lists: a relay and
// the long polls of one process listen to one database. Thread-safe.
#ifndef MESO_COMMON_DATABASE_LISTENERS_H_
#define MESO_COMMON_DATABASE_LISTENERS_H_

#include <functional>
#include <map>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace meso {

class Listeners {
 public:
  // Returns the handle for Remove.
  int Add(std::function<void()> listener) {
    absl::MutexLock lock(&mutex_);
    listeners_[++last_] = std::move(listener);
    return last_;
  }
  // When this returns the listener is not running and will not run again. A listener must not
  // remove itself.
  void Remove(int handle) {
    absl::MutexLock lock(&mutex_);
    listeners_.erase(handle);
  }
  void Notify() {
    absl::MutexLock lock(&mutex_);
    for (const auto& [handle, listener] : listeners_) listener();
  }

 private:
  absl::Mutex mutex_;
  int last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int, std::function<void()>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_LISTENERS_H_
