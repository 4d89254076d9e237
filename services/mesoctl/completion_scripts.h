// The completion scripts of the shells: they ask `mesoctl __complete` and offer what it says.
#ifndef MESO_SERVICES_MESOCTL_COMPLETION_SCRIPTS_H_
#define MESO_SERVICES_MESOCTL_COMPLETION_SCRIPTS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace meso::mesoctl {

// For bash, zsh or fish; "" for any other.
std::string CompletionScript(absl::string_view shell);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_COMPLETION_SCRIPTS_H_
