// The form of resource names: one place that knows what "sites/par-1/appointments/<uuid>" looks
// like.
//
// Pure functions, no allocation beyond the result. Codes are 1-64 of A-Z a-z 0-9 - _ (case kept);
// UUIDs are the lower-case 8-4-4-4-12 form.
#ifndef MESO_COMMON_BASE_RESOURCE_NAME_H_
#define MESO_COMMON_BASE_RESOURCE_NAME_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso {

// True for 1-64 characters of A-Z a-z 0-9 - _, other than the wildcard "-".
bool IsCode(absl::string_view text);

// True for the lower-case 8-4-4-4-12 hexadecimal form of any UUID version.
bool IsUuid(absl::string_view text);

// Matches `name` against a pattern of literal segments and {code}, {uuid}, {rev} (r1, r2, ...) or
// {any} (code, or the wildcard "-") and returns the variable segments in order; nullopt when it
// does not match.
//   MatchName("sites/{code}/appointments/{uuid}", name)
std::optional<std::vector<std::string>> MatchName(absl::string_view pattern,
                                                  absl::string_view name);

// Whether MatchName would match.
bool IsNameOf(absl::string_view pattern, absl::string_view name);

// "sites/par-1" of "sites/par-1/appointments/..." (also of "sites/par-1" itself); empty when the
// name does not begin with a site. The wildcard gives "sites/-".
std::string SiteOf(absl::string_view name);

}  // namespace meso

#endif  // MESO_COMMON_BASE_RESOURCE_NAME_H_
