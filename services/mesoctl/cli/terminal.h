// What the program may do with its two output streams: colours and moving lines are for people at
// a terminal, never for files and pipes. Filled once in main.
#ifndef MESO_SERVICES_MESOCTL_CLI_TERMINAL_H_
#define MESO_SERVICES_MESOCTL_CLI_TERMINAL_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace meso::mesoctl {

struct Terminal {
  bool out_color = false;     // stdout is a terminal, and NO_COLOR is not set
  bool err_color = false;     // the same for stderr
  bool err_animated = false;  // stderr is a terminal: a line may be drawn over
};

enum class Ink { kBold, kGreen, kYellow, kRed };

// The text in that colour, or as it is.
inline std::string Inked(absl::string_view text, Ink ink, bool color) {
  if (!color) return std::string(text);
  const char* code = ink == Ink::kBold     ? "1"
                     : ink == Ink::kGreen  ? "32"
                     : ink == Ink::kYellow ? "33"
                                           : "31";
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_TERMINAL_H_
