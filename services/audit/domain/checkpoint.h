// Signed checkpoints: the log's word on its size and root, in the C2SP tlog-checkpoint and
// signed-note forms, with Ed25519.
//
//   <origin> \n <size> \n <root in base64> \n \n — <key name> <base64 of key hash and signature> \n
//
// The log signs with its SigningKey; anybody verifies with a VerifierKey given by hand. `mesoctl
// admin init` makes keys with NewSigningKey and writes their text forms. A line of an unknown key
// is ignored, a bad signature of a known one rejects the note. Keys are immutable and may be shared
// between threads.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_H_
#define MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"

namespace meso::audit {

struct Checkpoint {
  std::string origin;  // the log's name
  uint64_t size = 0;
  Hash root = {};
  friend bool operator==(const Checkpoint& a, const Checkpoint& b) {
    return a.origin == b.origin && a.size == b.size && a.root == b.root;
  }
};

// A public key: name, Ed25519 key of 32 bytes, and the four-byte hash of both that stands in
// signatures.
struct VerifierKey {
  std::string name;
  std::string public_key;
  uint32_t hash = 0;

  // "name+hhhhhhhh+base64(0x01 || key)".
  std::string Encode() const;
};

// Reads the form of Encode. INVALID_ARGUMENT / FIELD_INVALID when it is malformed, of another
// algorithm, or its hash is wrong.
absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text);

// A private key; its name is the origin of the log it signs.
class SigningKey {
 public:
  ~SigningKey();
  // Ed25519 signature, 64 bytes.
  std::string Sign(absl::string_view text) const;
  // "PRIVATE+KEY+name+hhhhhhhh+base64(0x01 || seed)": the content of --log_key_file. Secret.
  std::string Encode() const;
  const VerifierKey& verifier() const { return verifier_; }

 private:
  SigningKey() = default;
  friend absl::StatusOr<std::unique_ptr<SigningKey>> MakeSigningKey(absl::string_view,
                                                                    absl::string_view);
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string seed_;
  VerifierKey verifier_;
};

// The key with this seed of 32 bytes. INVALID_ARGUMENT / FIELD_INVALID when the name is empty or
// holds white space or '+', or the seed has another length.
absl::StatusOr<std::unique_ptr<SigningKey>> MakeSigningKey(absl::string_view name,
                                                           absl::string_view seed);
// A new key from the system's random source. Errors as above.
absl::StatusOr<std::unique_ptr<SigningKey>> NewSigningKey(absl::string_view name);
// Reads the form of SigningKey::Encode; white space around it is allowed. INVALID_ARGUMENT /
// FIELD_INVALID.
absl::StatusOr<std::unique_ptr<SigningKey>> ParseSigningKey(absl::string_view text);

// The signed note of a checkpoint whose origin is the key's name.
std::string SignCheckpoint(uint64_t size, const Hash& root, const SigningKey& key);

// Reads a note without checking signatures. DATA_LOSS / TREE_INCONSISTENT when it is malformed.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view note);

// Reads a note and checks it: at least one signature by one of `keys`, none of theirs bad. Errors:
// DATA_LOSS / TREE_INCONSISTENT.
absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note,
                                          const std::vector<VerifierKey>& keys);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_H_
