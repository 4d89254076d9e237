// Runs the commands of the table: builds the request, calls, follows the pages, prints.
#ifndef MESO_SERVICES_MESOCTL_API_API_RUN_H_
#define MESO_SERVICES_MESOCTL_API_API_RUN_H_

#include <vector>

#include "services/mesoctl/api/api_commands.h"
#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

// The table as commands, and its nouns as groups.
std::vector<Command> TableCommands();
std::vector<CommandGroup> TableGroups();

// Runs one of them.
ExitCode RunTableCommand(const ApiCommand& command, const Invocation& invocation, Session& session);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_API_RUN_H_
