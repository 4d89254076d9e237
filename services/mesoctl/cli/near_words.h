// "Did you mean": the words of a list that a mistyped word is close to. Pure.
#ifndef MESO_SERVICES_MESOCTL_CLI_NEAR_WORDS_H_
#define MESO_SERVICES_MESOCTL_CLI_NEAR_WORDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso::mesoctl {

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
int EditDistance(absl::string_view a, absl::string_view b);

// At most `limit` of `words`, nearest first: those within a third of the longer word's length (at
// least 2) of `word` without regard to case, or that begin with it or it with them.
std::vector<std::string> NearWords(absl::string_view word, const std::vector<std::string>& words,
                                   size_t limit = 3);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_NEAR_WORDS_H_
