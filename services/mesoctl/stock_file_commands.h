// `mesoctl inventory import|export|label` and `mesoctl sensors record`: stock work that goes
// through files and streams. Nothing is decided here; a file is sent as it is.
#ifndef MESO_SERVICES_MESOCTL_STOCK_FILE_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_STOCK_FILE_COMMANDS_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> StockFileCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_STOCK_FILE_COMMANDS_H_
