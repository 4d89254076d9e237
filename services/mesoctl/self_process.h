// Runs mesoctl itself as a child process, to show what a user's shell would see: exit code and
// output.
#ifndef MESO_SERVICES_MESOCTL_SELF_PROCESS_H_
#define MESO_SERVICES_MESOCTL_SELF_PROCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace meso::mesoctl {

struct ProcessResult {
  int exit_code = 0;
  std::string output;  // stdout and stderr together
};

// Waits for the child. UNAVAILABLE when it can't be started or was killed.
absl::StatusOr<ProcessResult> RunSelf(const std::vector<std::string>& arguments);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_SELF_PROCESS_H_
