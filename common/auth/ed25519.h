// Ed25519 keys and signatures (RFC 8032) over OpenSSL, as bytes in and out. Pure functions apart
// from key generation; no key is ever logged or put into an error.
#ifndef MESO_COMMON_AUTH_ED25519_H_
#define MESO_COMMON_AUTH_ED25519_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso {

// A public key ready to verify with. Immutable, so that threads may share it.
class Ed25519PublicKey {
 public:
  // `raw` has 32 bytes. Errors: INVALID_ARGUMENT.
  static absl::StatusOr<std::shared_ptr<const Ed25519PublicKey>> FromRaw(absl::string_view raw);
  virtual ~Ed25519PublicKey() = default;
  // True only for a genuine 64-byte signature of exactly `message`.
  virtual bool Verify(absl::string_view message, absl::string_view signature) const = 0;
};

// A new private key as PKCS#8 PEM.
std::string GenerateEd25519Key();

// The 64-byte signature. Errors: INVALID_ARGUMENT when the PEM holds no Ed25519 private key.
absl::StatusOr<std::string> SignEd25519(absl::string_view private_key_pem,
                                        absl::string_view message);

// The 32 bytes of the public key that belongs to a private one. Errors: as SignEd25519.
absl::StatusOr<std::string> Ed25519PublicBytes(absl::string_view private_key_pem);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_ED25519_H_
