// `mesoctl audit witness run`: the program each site runs to keep an audit log honest.
#ifndef MESO_SERVICES_MESOCTL_WITNESS_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_WITNESS_COMMANDS_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> WitnessCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_WITNESS_COMMANDS_H_
