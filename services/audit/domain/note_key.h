// Ed25519 keys of signed notes (C2SP signed-note, tlog-cosignature): the log's, which sign
// checkpoints, and the witnesses', which cosign them.
//
// A key has a name and a kind; both go into its four-byte hash, so that a signature of one kind
// never passes for the other. `mesoctl admin` makes keys and writes their text forms; everybody
// else reads those. Keys are immutable and may be shared between threads. Text forms:
//
//   public   name + '+' + hash in 8 hex digits + '+' + base64(kind || key)
//   private  "PRIVATE+KEY+" + name + '+' + hash + '+' + base64(kind || seed); secret
#ifndef MESO_SERVICES_AUDIT_DOMAIN_NOTE_KEY_H_
#define MESO_SERVICES_AUDIT_DOMAIN_NOTE_KEY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso::audit {

enum class SignerKind : uint8_t { kLog = 0x01, kWitness = 0x04 };

// A public key: name, Ed25519 key of 32 bytes, and the hash that stands in signatures.
struct VerifierKey {
  std::string name;
  std::string public_key;
  uint32_t hash = 0;
  SignerKind kind = SignerKind::kLog;

  std::string Encode() const;
  // Whether the 64 bytes are this key's plain Ed25519 signature of the text.
  bool Holds(absl::string_view text, absl::string_view signature) const;
};

// Reads the public form of a log's key. INVALID_ARGUMENT / FIELD_INVALID when it is malformed, of
// another kind, or its hash is wrong.
absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text);
// The same for a witness's key.
absl::StatusOr<VerifierKey> ParseWitnessKey(absl::string_view text);

// A private key of either kind; use SigningKey or CosigningKey.
class PrivateKey {
 public:
  ~PrivateKey();
  // Ed25519 signature, 64 bytes.
  std::string Sign(absl::string_view text) const;
  // The private form: the content of a key file. Secret.
  std::string Encode() const;
  const VerifierKey& verifier() const { return verifier_; }

 protected:
  PrivateKey();
  absl::Status Init(absl::string_view name, absl::string_view seed, SignerKind kind);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string seed_;
  VerifierKey verifier_;
};

// Signs a log's checkpoints; its name is the origin of the log.
class SigningKey : public PrivateKey {
 private:
  SigningKey() = default;
  friend absl::StatusOr<std::unique_ptr<SigningKey>> MakeSigningKey(absl::string_view,
                                                                    absl::string_view);
};

// Cosigns checkpoints of any log; its name is the witness's.
class CosigningKey : public PrivateKey {
 private:
  CosigningKey() = default;
  friend absl::StatusOr<std::unique_ptr<CosigningKey>> MakeCosigningKey(absl::string_view,
                                                                        absl::string_view);
};

// The key with this seed of 32 bytes. INVALID_ARGUMENT / FIELD_INVALID when the name is empty or
// holds white space or '+', or the seed has another length.
absl::StatusOr<std::unique_ptr<SigningKey>> MakeSigningKey(absl::string_view name,
                                                           absl::string_view seed);
absl::StatusOr<std::unique_ptr<CosigningKey>> MakeCosigningKey(absl::string_view name,
                                                               absl::string_view seed);
// A new key from the system's random source. Errors as above.
absl::StatusOr<std::unique_ptr<SigningKey>> NewSigningKey(absl::string_view name);
absl::StatusOr<std::unique_ptr<CosigningKey>> NewCosigningKey(absl::string_view name);
// Reads the private form; white space around it is allowed. INVALID_ARGUMENT / FIELD_INVALID.
absl::StatusOr<std::unique_ptr<SigningKey>> ParseSigningKey(absl::string_view text);
absl::StatusOr<std::unique_ptr<CosigningKey>> ParseCosigningKey(absl::string_view text);

// Whether a key may have this name: 1 to 255 bytes without white space, control characters or '+'.
bool IsKeyName(absl::string_view name);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_NOTE_KEY_H_
