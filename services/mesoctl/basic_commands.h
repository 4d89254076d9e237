// `call`, `list`, `describe`, `errors`: any method by its name, and what the contract says.
#ifndef MESO_SERVICES_MESOCTL_BASIC_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_BASIC_COMMANDS_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> BasicCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_BASIC_COMMANDS_H_
