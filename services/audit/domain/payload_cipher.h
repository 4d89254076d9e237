// Payload parts at rest: AES-256-GCM under a key per patient, keys wrapped by a master key.
//
// Every ciphertext is bound to its place: a part to its entry, number, pseudonym and key
// generation, a wrapped key to its pseudonym and generation, so that nothing can be moved to where
// it was not written. Nonces are 96 random bits; a key would have to encrypt 2^32 parts before two
// of them were likely to meet. Knows no rows and no files. The keys of a PayloadMasterKeys are
// immutable; a PayloadCipher belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_PAYLOAD_CIPHER_H_
#define MESO_SERVICES_AUDIT_DOMAIN_PAYLOAD_CIPHER_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/payload_parts.h"

namespace meso::audit {

// 256 secret bits; forgotten when destroyed.
class SecretKey {
 public:
  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();
  static SecretKey Random();
  // Precondition: exactly 32 bytes.
  static SecretKey FromBytes(absl::string_view bytes);
  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  std::array<uint8_t, 32> bytes_ = {};
};

// The keys of --payload_key_file: the first wraps, the others can still unwrap what they wrapped
// before the file was changed.
class PayloadMasterKeys {
 public:
  // Reads the file's content: one or more lines of 64 hex digits. INVALID_ARGUMENT / FIELD_INVALID.
  static absl::StatusOr<PayloadMasterKeys> Parse(absl::string_view text);
  // The content of a new key file, from the system's random source. Secret.
  static std::string NewText();

  // Names a key without giving it away: 32 hex digits.
  const std::string& current_id() const { return current_id_; }
  // nullptr when the file has no such key.
  const SecretKey* Find(const std::string& id) const;

 private:
  std::string current_id_;
  std::map<std::string, SecretKey> keys_;
};

// Which key: the empty pseudonym is the log's own.
struct KeyName {
  std::string pseudonym;
  uint64_t generation = 0;
};

// Where a part stands.
struct PartPlace {
  uint64_t index = 0;
  uint32_t part = 0;
};

class PayloadCipher {
 public:
  PayloadCipher();
  ~PayloadCipher();
  PayloadCipher(const PayloadCipher&) = delete;
  PayloadCipher& operator=(const PayloadCipher&) = delete;

  std::string Wrap(const SecretKey& master, const KeyName& name, const SecretKey& key);
  // nullopt when these are not the bytes Wrap made of this key under this name.
  std::optional<SecretKey> Unwrap(const SecretKey& master, const KeyName& name,
                                  absl::string_view wrapped);

  // Salt and payload of a part; the commitment is no secret.
  std::string Encrypt(const SecretKey& key, const KeyName& name, const PartPlace& place,
                      const PayloadPart& part);
  // Fills salt and payload; false when these are not the bytes Encrypt made for this place.
  bool Decrypt(const SecretKey& key, const KeyName& name, const PartPlace& place,
               absl::string_view cipher, PayloadPart* part);

 private:
  struct Impl;
  std::string Seal(const SecretKey& key, absl::string_view bound_to, absl::string_view plain);
  std::optional<std::string> Open(const SecretKey& key, absl::string_view bound_to,
                                  absl::string_view cipher);
  std::unique_ptr<Impl> impl_;
};

// SHA-256 of a key: shows whoever still holds a copy which one it was.
Hash FingerprintOf(const SecretKey& key, Hasher& hasher);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_PAYLOAD_CIPHER_H_
