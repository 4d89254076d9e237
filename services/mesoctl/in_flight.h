// Many calls over a few streams: `work` for 0 to count-1, at most `streams` at a time, in the order
// of their numbers.
//
// For whoever has hundreds of independent calls to make; a list whose order matters is one item of
// work. Starts threads and joins them before it returns. `work` must be thread-safe.
#ifndef MESO_SERVICES_MESOCTL_IN_FLIGHT_H_
#define MESO_SERVICES_MESOCTL_IN_FLIGHT_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace meso::mesoctl {

// The first error by number among those that were met; after an error nothing new is begun.
absl::Status ForEachInFlight(size_t count, int streams,
                             const std::function<absl::Status(size_t)>& work);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_IN_FLIGHT_H_
