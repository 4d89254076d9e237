// What a token says: who, which roles at which sites, from when until when. Offline.
//
// Reading a token proves nothing; CheckSignature does, given the suite's key set. Never prints or
// returns the token itself. Pure.
#ifndef MESO_SERVICES_MESOCTL_TOKEN_GRANTS_H_
#define MESO_SERVICES_MESOCTL_TOKEN_GRANTS_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

struct TokenGrants {
  std::string subject;
  std::map<std::string, std::set<std::string>> roles;  // role -> site codes; "*" = all sites
  std::string key_id;
  absl::Time not_before;  // InfinitePast when the token has none
  absl::Time expiry;      // InfiniteFuture when the token has none
};

// Errors: INVALID_ARGUMENT saying why the text is no token.
absl::StatusOr<TokenGrants> ReadGrants(absl::string_view token);

// Whether it is signed with a key of the JWKS. Errors: as VerifyToken; INVALID_ARGUMENT when the
// text is no key set.
absl::Status CheckSignature(absl::string_view token, absl::string_view jwks);

// "expired 2h ago", "not valid for another 5m", or "" when it is good at `now`.
std::string WhyNotNow(const TokenGrants& grants, absl::Time now);

// "2h5m" without fractions of a second; "3d" from two days on.
std::string RoughDuration(absl::Duration duration);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_TOKEN_GRANTS_H_
