// mesoctl: the command line of the suite. Everything is in command_line.
#include <unistd.h>

#include <iostream>

#include "services/mesoctl/command_line.h"

int main(int argc, char** argv) {
  const meso::mesoctl::Environment environment = meso::mesoctl::ProcessEnvironment();
  const auto no_color = environment("NO_COLOR");
  const auto term = environment("TERM");
  const bool colors = !(no_color && !no_color->empty()) && term && *term != "dumb";
  meso::mesoctl::Streams streams;
  streams.in = &std::cin;
  streams.out = &std::cout;
  streams.err = &std::cerr;
  streams.terminal.out_color = colors && isatty(STDOUT_FILENO) == 1;
  streams.terminal.err_color = colors && isatty(STDERR_FILENO) == 1;
  streams.terminal.err_animated = term && *term != "dumb" && isatty(STDERR_FILENO) == 1;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto code = meso::mesoctl::RunCommandLine(words, environment, streams);
  std::cout.flush();
  if (std::cout.good()) return static_cast<int>(code);
  std::cerr << "mesoctl: the output could not be written: is the disk full?\n";
  return static_cast<int>(meso::mesoctl::ExitCode::kUnavailable);
}
