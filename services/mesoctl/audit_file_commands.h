// `mesoctl audit export|prove|verify` as commands; the work is in audit_commands.
#ifndef MESO_SERVICES_MESOCTL_AUDIT_FILE_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_AUDIT_FILE_COMMANDS_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> AuditFileCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_AUDIT_FILE_COMMANDS_H_
