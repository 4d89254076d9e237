// Reads one command line against a CommandSet.
//
// Global flags may stand anywhere, a command's own flags after its words; `--flag value` and
// `--flag=value`, with - or _ inside a name; `--` ends the flags. A global flag that the command
// does not take is refused here, before anything is done. Nothing is run, no file is read.
#ifndef MESO_SERVICES_MESOCTL_CLI_COMMAND_PARSER_H_
#define MESO_SERVICES_MESOCTL_CLI_COMMAND_PARSER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

// The value of an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

// A line as it was understood. Flags are asked for by their first name.
class Invocation {
 public:
  std::vector<std::string> path;
  const Command* command = nullptr;  // nullptr: only with `help`
  bool help = false;
  std::vector<std::string> arguments;
  std::map<std::string, std::vector<std::string>> given;  // by FlagKey of the flag's first name
  std::map<std::string, std::string> defaults;  // from the environment, a context or the fallback

  bool Has(absl::string_view flag) const;  // given on the line
  // The last value given, else the default, else "". A switch that is on is "true".
  std::string Get(absl::string_view flag) const;
  bool On(absl::string_view flag) const { return Get(flag) == "true"; }
  std::vector<std::string> All(absl::string_view flag) const;
  // "" when it was left out.
  std::string Argument(size_t index) const;
};

// Errors: INVALID_ARGUMENT with one sentence, and where there is one a line "Did you mean ...?";
// the message ends with the next step.
absl::StatusOr<Invocation> ParseCommandLine(const CommandSet& set,
                                            const std::vector<std::string>& words);

// Fills `defaults` of all flags that were not given: the first environment variable that is set,
// else `context`'s value (by FlagKey), else the fallback.
void ApplyDefaults(const CommandSet& set, const Environment& environment,
                   const std::map<std::string, std::string>& context, Invocation* invocation);

// Checks required arguments and flags once defaults are known. INVALID_ARGUMENT names all that are
// missing.
absl::Status CheckComplete(const Invocation& invocation);

// The flag of the command, or a global one, by any of its names; nullptr when there is none.
const Flag* FindFlag(const CommandSet& set, const Command* command, absl::string_view name);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_COMMAND_PARSER_H_
