#include "services/mesoctl/cli/terminal.h"

#include "absl/strings/str_cat.h"

namespace meso::mesoctl {

Terminal TerminalOf(bool out_is_terminal, bool err_is_terminal, const Environment& environment) {
  const auto no_color = environment("NO_COLOR");
  const auto term = environment("TERM");
  const bool moves = term && !term->empty() && *term != "dumb";
  const bool colors = moves && (!no_color || no_color->empty());
  Terminal terminal;
  terminal.out_color = colors && out_is_terminal;
  terminal.err_color = colors && err_is_terminal;
  terminal.err_animated = moves && err_is_terminal;
  return terminal;
}

std::string Inked(absl::string_view text, Ink ink, bool color) {
  if (!color) return std::string(text);
  const char* code = ink == Ink::kBold     ? "1"
                     : ink == Ink::kGreen  ? "32"
                     : ink == Ink::kYellow ? "33"
                                           : "31";
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

}  // namespace meso::mesoctl
