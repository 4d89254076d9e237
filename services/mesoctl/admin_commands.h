// `mesoctl admin init|token|grants`: keys and tokens, offline.
#ifndef MESO_SERVICES_MESOCTL_ADMIN_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_ADMIN_COMMANDS_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> AdminCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_ADMIN_COMMANDS_H_
