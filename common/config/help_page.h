// What a service says at --help: its purpose and its own flags, without those of the libraries.
// Reads the flag registry; thread-safe.
#ifndef MESO_COMMON_CONFIG_HELP_PAGE_H_
#define MESO_COMMON_CONFIG_HELP_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace meso {

// Flags in the order of the alphabet, each with its default unless that is empty.
std::string HelpPage(absl::string_view program, absl::string_view purpose);

}  // namespace meso

#endif  // MESO_COMMON_CONFIG_HELP_PAGE_H_
