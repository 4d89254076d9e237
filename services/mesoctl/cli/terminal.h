// What the program may do with its two output streams: colours and moving lines are for people at
// a terminal, never for files and pipes. Decided here alone, once, in main; every command is told.
#ifndef MESO_SERVICES_MESOCTL_CLI_TERMINAL_H_
#define MESO_SERVICES_MESOCTL_CLI_TERMINAL_H_

#include <string>

#include "absl/strings/string_view.h"
#include "services/mesoctl/cli/command_parser.h"

namespace meso::mesoctl {

struct Terminal {
  bool out_color = false;     // stdout is a terminal, and NO_COLOR is not set
  bool err_color = false;     // the same for stderr
  bool err_animated = false;  // stderr is a terminal: a line may be drawn over
};

// NO_COLOR with any value but "" forbids colours (no-color.org); a TERM that is dumb or missing
// forbids moving lines too.
Terminal TerminalOf(bool out_is_terminal, bool err_is_terminal, const Environment& environment);

enum class Ink { kBold, kGreen, kYellow, kRed };

// The text in that colour, or as it is.
std::string Inked(absl::string_view text, Ink ink, bool color);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_TERMINAL_H_
