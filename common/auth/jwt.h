// Reads a token: a JWT in compact form (RFC 7519, RFC 7515) signed with EdDSA, and nothing else.
//
// The algorithm is bound to the key, never taken from the token: `none`, HS* and every other value
// are refused, as are crit, jku, jwk, x5u and x5c headers, duplicate members, and tokens over 8 KB.
// Pure; the caller keeps keys, clock and cache.
#ifndef MESO_COMMON_AUTH_JWT_H_
#define MESO_COMMON_AUTH_JWT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/jwks.h"
#include "common/base/call_context.h"

namespace meso {

inline constexpr size_t kTokenSizeMax = 8 << 10;

struct VerifiedToken {
  Principal principal;
  absl::Time not_before;  // InfinitePast when the token has none
  absl::Time expiry;
};

// Checks form, signature, issuer and audience, and reads the principal. `exp` and `nbf` are read
// but not compared: see CheckTokenTimes. Errors: UNAUTHENTICATED / TOKEN_INVALID.
absl::StatusOr<VerifiedToken> VerifyToken(absl::string_view token, const KeySet& keys,
                                          absl::string_view issuer, absl::string_view audience);

// Errors: UNAUTHENTICATED / TOKEN_EXPIRED from `expiry` on; TOKEN_INVALID more than 5 s before
// `not_before` (the issuer's clock may be ahead by that much).
absl::Status CheckTokenTimes(const VerifiedToken& token, absl::Time now);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_JWT_H_
