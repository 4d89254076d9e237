// Times as people type and read them: in a site's zone. Pure; "now" is given.
#ifndef MESO_SERVICES_MESOCTL_API_WHEN_H_
#define MESO_SERVICES_MESOCTL_API_WHEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

// "2026-11-24T10:00:00Z" (RFC 3339), "2026-11-24 10:00", "2026-11-24", "now", "today", "tomorrow",
// "yesterday", the last four also with a time ("tomorrow 9:30"), and "+3d", "-90m", "+1w". Without
// an offset a time is meant in `zone`; a day alone is its first moment. INVALID_ARGUMENT says the
// forms, also for a local time that a change of clocks leaves out.
absl::StatusOr<absl::Time> ParseWhen(absl::string_view text, absl::Time now, absl::TimeZone zone);

// "2026-11-24 10:00 +01:00"; with seconds where they are not zero.
std::string ShowTime(absl::Time time, absl::TimeZone zone);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_WHEN_H_
