// Runs a line of mesoctl inside the test's process, with an environment of the test's own.
#ifndef MESO_TESTS_SERVICES_MESOCTL_MESOCTL_RUN_H_
#define MESO_TESTS_SERVICES_MESOCTL_MESOCTL_RUN_H_

#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "services/mesoctl/command_line.h"

namespace meso::mesoctl {

struct Ran {
  ExitCode code;
  std::string out;
  std::string err;
};

inline Ran RunLine(const std::vector<std::string>& words,
                   const std::map<std::string, std::string>& variables = {},
                   const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Streams streams;
  streams.in = &in;
  streams.out = &out;
  streams.err = &err;
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  const ExitCode code = RunCommandLine(words, environment, streams);
  return {code, out.str(), err.str()};
}

}  // namespace meso::mesoctl

#endif  // MESO_TESTS_SERVICES_MESOCTL_MESOCTL_RUN_H_
