// The page `--help` prints: for the program, a noun or a command. Pure.
#ifndef MESO_SERVICES_MESOCTL_CLI_HELP_PAGE_H_
#define MESO_SERVICES_MESOCTL_CLI_HELP_PAGE_H_

#include <string>
#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

// Precondition: `path` is a command of the set, or a beginning of some. Ends with a newline.
std::string HelpPage(const CommandSet& set, const std::vector<std::string>& path);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_HELP_PAGE_H_
