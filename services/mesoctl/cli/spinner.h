// A sign of life on stderr while a call takes long. Nothing is drawn unless stderr is a terminal,
// and nothing in the first third of a second; the line is gone when the object is.
//
// Nobody else may write to the stream while a Spinner lives. Note may be called from any thread.
#ifndef MESO_SERVICES_MESOCTL_CLI_SPINNER_H_
#define MESO_SERVICES_MESOCTL_CLI_SPINNER_H_

#include <ostream>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

inline constexpr absl::Duration kSpinnerDelay = absl::Milliseconds(350);

class Spinner {
 public:
  // `err` must outlive the object. `visible` is Terminal::err_animated.
  Spinner(std::ostream& err, bool visible, std::string label, absl::Duration delay = kSpinnerDelay);
  ~Spinner();
  Spinner(const Spinner&) = delete;
  Spinner& operator=(const Spinner&) = delete;

  // Replaces what stands beside the sign: "300 rows".
  void Note(std::string label);

 private:
  void Draw();

  std::ostream& err_;
  const absl::Duration delay_;
  absl::Mutex mutex_;
  std::string label_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_SPINNER_H_
