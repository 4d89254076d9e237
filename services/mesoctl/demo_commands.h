// `mesoctl demo load|play|reset` as commands; the work is in demo_load and demo_story.
#ifndef MESO_SERVICES_MESOCTL_DEMO_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_DEMO_COMMANDS_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> DemoCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_COMMANDS_H_
