// `mesoctl errors list|explain`: every reason a call can be refused for, offline, from the proto
// comments compiled in.
#ifndef MESO_SERVICES_MESOCTL_ERROR_PAGES_H_
#define MESO_SERVICES_MESOCTL_ERROR_PAGES_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/mesoctl/cli/output.h"

namespace meso::mesoctl {

// Every reason once, sorted: those of the API and those of further_reasons.
std::vector<std::string> ErrorReasons();

// One row per reason: reason, code, exit code, when and what to do, how many methods.
absl::Status ListErrors(const OutputOptions& options, std::ostream& out);

// All that is known of a reason: code, exit code, whether a retry helps, each text with its
// methods. Case does not matter. NOT_FOUND names the nearest reasons.
absl::Status ExplainError(const std::string& reason, const OutputOptions& options,
                          std::ostream& out);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_ERROR_PAGES_H_
