// `mesoctl status`: are the four services there, ready, of which version, and how far behind.
#ifndef MESO_SERVICES_MESOCTL_HEALTH_STATUS_COMMAND_H_
#define MESO_SERVICES_MESOCTL_HEALTH_STATUS_COMMAND_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

// status, and version (of this program).
std::vector<Command> HealthStatusCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_HEALTH_STATUS_COMMAND_H_
