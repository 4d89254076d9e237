// Holds the assertions against the log as it grows.
//
// One thread: woken by an append, or when something that waited is due, it steps until nothing is
// left. An idle log costs one look a minute. The app starts it; nothing else uses it. Thread-safe.
#ifndef MESO_SERVICES_AUDIT_ASSERTION_WATCHER_H_
#define MESO_SERVICES_AUDIT_ASSERTION_WATCHER_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/audit/assertion_operations.h"

namespace meso::audit {

class AssertionWatcher {
 public:
  AssertionWatcher(AssertionOperations& operations, const Clock& clock)
      : operations_(operations), clock_(clock) {}
  ~AssertionWatcher() { Stop(); }

  void Start();
  // Ends after the step under way; what is left is done after the next start. Before
  // Database::Close. Idempotent.
  void Stop();
  // The log has grown.
  void Wake();

 private:
  void Run();

  AssertionOperations& operations_;
  const Clock& clock_;
  absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_ASSERTION_WATCHER_H_
