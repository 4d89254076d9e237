// The command line of mesoctl: collects the commands of all parts, reads one line, runs it.
//
// A flag beats the environment (MESO_TOKEN_FILE, MESO_SCHEDULING_ADDRESS, ...), which beats the
// current context. What is misused is told in one sentence with the next step, exit code 2.
#ifndef MESO_SERVICES_MESOCTL_COMMAND_LINE_H_
#define MESO_SERVICES_MESOCTL_COMMAND_LINE_H_

#include <ostream>
#include <string>
#include <vector>

#include "services/mesoctl/cli/command_parser.h"
#include "services/mesoctl/report.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {

// Every command there is. The set lives as long as the process.
const CommandSet& AllCommands();

// Runs one command; `words` without the program's name.
ExitCode RunCommandLine(const std::vector<std::string>& words, const Environment& environment,
                        const Streams& streams);

// The same with the process's environment and standard input, for streams that are no terminal.
ExitCode RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

// Of the process.
Environment ProcessEnvironment();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_COMMAND_LINE_H_
