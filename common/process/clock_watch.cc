#include "common/process/clock_watch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace meso {
namespace {

// A time daemon's corrections are far below, a wrong date far above.
constexpr absl::Duration kBackwardMax = absl::Seconds(5);

}  // namespace

absl::Status ClockWatch::Check(absl::Time now, absl::Duration uptime) {
  const absl::Time start = now - uptime;
  absl::MutexLock lock(&mutex_);
  start_ = std::max(start_, start);
  if (start_ - start <= kBackwardMax) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the clock was set back by ", absl::FormatDuration(start_ - start),
                   "; correct it, or restart this process if it is right now"));
}

}  // namespace meso
