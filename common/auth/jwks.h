// The keys tokens may be signed with, from a JSON Web Key Set (RFC 7517, RFC 8037): only OKP keys
// on Ed25519 with a kid count. Others are skipped, so that a set may hold keys for other readers.
// Pure.
#ifndef MESO_COMMON_AUTH_JWKS_H_
#define MESO_COMMON_AUTH_JWKS_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/auth/ed25519.h"

namespace meso {

using KeySet = std::map<std::string, std::shared_ptr<const Ed25519PublicKey>>;  // by kid

// Errors: INVALID_ARGUMENT when the text is no key set, holds no usable key, names a kid twice, or
// contains a private key.
absl::StatusOr<KeySet> ParseJwks(absl::string_view text);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_JWKS_H_
