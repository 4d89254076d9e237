// Makes tokens and key sets: for `mesoctl admin` and for tests. Services never sign tokens.
//
// Pure functions apart from GenerateKey. Keys travel as PEM text; nothing here reads or writes
// files.
#ifndef MESO_COMMON_AUTH_TOKEN_ISSUER_H_
#define MESO_COMMON_AUTH_TOKEN_ISSUER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"

namespace meso {

struct TokenRequest {
  Principal principal;
  std::string issuer = "meso";
  std::string audience = "meso";
  absl::Time not_before;  // whole seconds
  absl::Time expiry;
};

// A new Ed25519 private key, PKCS#8 PEM.
std::string GenerateKey();

// The signed JWT. Errors: INVALID_ARGUMENT when the PEM holds no Ed25519 private key.
absl::StatusOr<std::string> SignToken(absl::string_view private_key_pem, absl::string_view kid,
                                      const TokenRequest& request);

// The JWKS text with the public keys of (kid, private key PEM). Errors: as SignToken.
absl::StatusOr<std::string> ToJwks(const std::vector<std::pair<std::string, std::string>>& keys);

// The principal of a service: subject "services/<name>", role service at all sites.
Principal ServicePrincipal(absl::string_view service);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_TOKEN_ISSUER_H_
