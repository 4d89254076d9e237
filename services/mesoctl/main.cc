// mesoctl: the command line of the suite. Everything is in command_line.
#include <iostream>

#include "services/mesoctl/command_line.h"

int main(int argc, char** argv) {
  return static_cast<int>(meso::mesoctl::RunCommandLine(argc, argv, std::cout, std::cerr));
}
