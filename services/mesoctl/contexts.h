// Named settings in a file, so that nobody types four addresses twice.
//
// The file is $MESO_CONFIG, or meso/contexts.json below $XDG_CONFIG_HOME or ~/.config:
//   {"current": "demo", "contexts": {"demo": {"scheduling_address": "127.0.0.1:7101", ...}}}
// A setting is a global flag by its name with underscores; a flag on the line beats the
// environment, which beats the context. The file holds names of token files, never a token. Mode
// 0600, written in one step.
#ifndef MESO_SERVICES_MESOCTL_CONTEXTS_H_
#define MESO_SERVICES_MESOCTL_CONTEXTS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/mesoctl/cli/command_parser.h"

namespace meso::mesoctl {

using Settings = std::map<std::string, std::string>;  // by FlagKey

struct Contexts {
  std::string current;  // "" = none
  std::map<std::string, Settings> by_name;
};

// Where the file is; "" when neither variable nor a home directory says so.
std::string ContextsPath(const Environment& environment);

// A file that is not there holds no contexts. Errors: INVALID_ARGUMENT naming the file and what is
// wrong in it: no JSON, a setting that does not exist, a current context that does not.
absl::StatusOr<Contexts> ReadContexts(const std::string& path);

// Errors: FAILED_PRECONDITION naming the path.
absl::Status WriteContexts(const std::string& path, const Contexts& contexts);

// The settings of the context `name`, or of the current one when it is empty. NOT_FOUND names
// those there are.
absl::StatusOr<Settings> SettingsOf(const Contexts& contexts, const std::string& name);

// The flags that may be settings, by FlagKey.
const std::vector<std::string>& SettingNames();

// `mesoctl context list|show|use|set|remove`.
std::vector<Command> ContextCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CONTEXTS_H_
