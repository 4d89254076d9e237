// The command line of mesoctl: what can be typed, and which command it runs.
//
// Reads flags and environment (MESO_TOKEN_FILE, MESO_KEYS, MESO_SCHEDULING_ADDRESS, ...), builds
// the client and the clock, and hands over to call, list, admin, audit_commands and demo. The only
// file that knows CLI11.
#ifndef MESO_SERVICES_MESOCTL_COMMAND_LINE_H_
#define MESO_SERVICES_MESOCTL_COMMAND_LINE_H_

#include <ostream>

#include "services/mesoctl/report.h"

namespace meso::mesoctl {

// Runs one command. Data goes to `out`, progress, notes and errors to `err`.
ExitCode RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_COMMAND_LINE_H_
