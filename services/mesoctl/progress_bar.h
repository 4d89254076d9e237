// How far a long piece of work has got, stage by stage, on stderr: a bar that is drawn over at a
// terminal, one line per finished stage otherwise.
//
// One stage at a time: Begin, Step for every piece done or Reach with how many are (from any
// thread), End. Nobody else may
// write to the stream between Begin and End. The object outlives its stages.
#ifndef MESO_SERVICES_MESOCTL_PROGRESS_BAR_H_
#define MESO_SERVICES_MESOCTL_PROGRESS_BAR_H_

#include <cstddef>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace meso::mesoctl {

class ProgressBar {
 public:
  // `clock` measures; `animated` says that `err` is a terminal. Both must outlive the object.
  ProgressBar(std::ostream& err, bool animated, const Clock& clock)
      : err_(err), animated_(animated), clock_(clock) {}

  // `stage` says what is done, as in "deliveries"; `total` pieces are expected.
  void Begin(absl::string_view stage, size_t total);
  void Step();
  void Reach(size_t done);
  // Leaves the line "  deliveries  212 in 1.4 s" behind.
  void End();

 private:
  void Draw(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::ostream& err_;
  const bool animated_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::string stage_ ABSL_GUARDED_BY(mutex_);
  size_t total_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time begin_ ABSL_GUARDED_BY(mutex_);
  absl::Time drawn_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_PROGRESS_BAR_H_
