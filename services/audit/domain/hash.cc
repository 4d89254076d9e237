#include "services/audit/domain/hash.h"

#include <openssl/evp.h>

#include <cstring>

#include "common/base/check.h"

namespace meso::audit {

struct Hasher::Impl {
  EVP_MD* digest = nullptr;
  EVP_MD_CTX* context = nullptr;
};

Hash HashFrom(absl::string_view bytes) {
  Hash hash;
  MESO_CHECK(bytes.size() == hash.size(), "a hash has 32 bytes");
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

Hasher::Hasher() : impl_(std::make_unique<Impl>()) {
  impl_->digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  impl_->context = EVP_MD_CTX_new();
  MESO_CHECK(impl_->digest != nullptr && impl_->context != nullptr, "OpenSSL has SHA-256");
}

Hasher::~Hasher() {
  EVP_MD_CTX_free(impl_->context);
  EVP_MD_free(impl_->digest);
}

void Hasher::Begin() {
  MESO_CHECK(EVP_DigestInit_ex2(impl_->context, impl_->digest, nullptr) == 1, "SHA-256 starts");
}

void Hasher::Add(absl::string_view bytes) {
  MESO_CHECK(EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size()) == 1, "SHA-256 runs");
}

Hash Hasher::End() {
  Hash hash;
  unsigned size = 0;
  MESO_CHECK(EVP_DigestFinal_ex(impl_->context, hash.data(), &size) == 1 && size == hash.size(),
             "SHA-256 ends");
  return hash;
}

Hash Hasher::Plain(absl::string_view bytes) {
  Begin();
  Add(bytes);
  return End();
}

Hash Hasher::Leaf(absl::string_view leaf) {
  Begin();
  Add(absl::string_view("\x00", 1));
  Add(leaf);
  return End();
}

Hash Hasher::Node(absl::string_view left, absl::string_view right) {
  Begin();
  Add(absl::string_view("\x01", 1));
  Add(left);
  Add(right);
  return End();
}

Hash Hasher::Hmac(absl::string_view key, absl::string_view message) {
  // RFC 2104 written out over the reused context: EVP_MAC would set up its own contexts for every
  // call.
  constexpr size_t kBlock = 64;
  uint8_t block[kBlock] = {};
  Hash long_key;
  if (key.size() > kBlock) {
    long_key = Plain(key);
    key = HashView(long_key);
  }
  if (!key.empty()) std::memcpy(block, key.data(), key.size());
  for (uint8_t& byte : block) byte ^= 0x36;
  const absl::string_view pad(reinterpret_cast<const char*>(block), kBlock);
  Begin();
  Add(pad);
  Add(message);
  const Hash inner = End();
  for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  Begin();
  Add(pad);
  Add(HashView(inner));
  return End();
}

const Hash& EmptyRoot() {
  static const Hash root = Hasher().Plain("");
  return root;
}

}  // namespace meso::audit
