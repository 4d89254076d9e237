// mesoctl: the command line of the suite. Everything is in command_line.
#include <unistd.h>

#include <iostream>

#include "services/mesoctl/command_line.h"

int main(int argc, char** argv) {
  const meso::mesoctl::Environment environment = meso::mesoctl::ProcessEnvironment();
  meso::mesoctl::Streams streams;
  streams.in = &std::cin;
  streams.out = &std::cout;
  streams.err = &std::cerr;
  streams.terminal = meso::mesoctl::TerminalOf(isatty(STDOUT_FILENO) == 1,
                                               isatty(STDERR_FILENO) == 1, environment);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto code = meso::mesoctl::RunCommandLine(words, environment, streams);
  std::cout.flush();
  if (std::cout.good()) return static_cast<int>(code);
  std::cerr << "mesoctl: the output could not be written: is the disk full?\n";
  return static_cast<int>(meso::mesoctl::ExitCode::kUnavailable);
}
