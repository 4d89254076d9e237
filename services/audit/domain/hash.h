// The hashes of the audit log: SHA-256 with the leaf and node prefixes of RFC 6962, and
// HMAC-SHA256.
//
// A Hasher owns OpenSSL contexts and is reused: fetching the digest once per object is twice as
// fast as once per hash. Used by the log, the export and the offline verifier; knows nothing of
// what is hashed. A Hasher belongs to one thread at a time; the other functions are pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_HASH_H_
#define MESO_SERVICES_AUDIT_DOMAIN_HASH_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace meso::audit {

using Hash = std::array<uint8_t, 32>;

inline absl::string_view HashView(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}
inline std::string HashBytes(const Hash& hash) { return std::string(HashView(hash)); }
// Precondition: exactly 32 bytes.
Hash HashFrom(absl::string_view bytes);

class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  // SHA-256(bytes).
  Hash Plain(absl::string_view bytes);
  // SHA-256(0x00 || leaf).
  Hash Leaf(absl::string_view leaf);
  // SHA-256(0x01 || left || right).
  Hash Node(absl::string_view left, absl::string_view right);
  Hash Node(const Hash& left, const Hash& right) { return Node(HashView(left), HashView(right)); }
  // HMAC-SHA256(key, message); a key of any length.
  Hash Hmac(absl::string_view key, absl::string_view message);

  // A long digest in pieces: Begin, any number of Add, End. No other call may come between.
  void Begin();
  void Add(absl::string_view bytes);
  Hash End();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The root of the tree without leaves: SHA-256 of nothing.
const Hash& EmptyRoot();

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_HASH_H_
