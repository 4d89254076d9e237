#include "services/audit/domain/payload_cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"
#include "common/base/error.h"

namespace meso::audit {
namespace {

constexpr size_t kNonceSize = 12;
constexpr size_t kTagSize = 16;
constexpr size_t kKeyIdSize = 16;

uint8_t* Bytes(std::string& text) { return reinterpret_cast<uint8_t*>(text.data()); }
const uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

void AppendNumber(uint64_t number, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) out->push_back(static_cast<char>(number >> shift));
}

std::string BoundToKey(const KeyName& name) {
  std::string bound = "meso payload key\n";
  AppendNumber(name.generation, &bound);
  return bound + name.pseudonym;
}

std::string BoundToPart(const KeyName& name, const PartPlace& place) {
  std::string bound = "meso payload part\n";
  AppendNumber(place.index, &bound);
  AppendNumber(place.part, &bound);
  AppendNumber(name.generation, &bound);
  return bound + name.pseudonym;
}

}  // namespace

SecretKey::~SecretKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

SecretKey SecretKey::Random() {
  SecretKey key;
  MESO_CHECK(RAND_priv_bytes(key.bytes_.data(), static_cast<int>(key.bytes_.size())) == 1,
             "the system has random bytes");
  return key;
}

SecretKey SecretKey::FromBytes(absl::string_view bytes) {
  SecretKey key;
  MESO_CHECK(bytes.size() == key.bytes_.size(), "a key has 32 bytes");
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

absl::StatusOr<PayloadMasterKeys> PayloadMasterKeys::Parse(absl::string_view text) {
  PayloadMasterKeys keys;
  Hasher hasher;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    const bool hex =
        std::all_of(line.begin(), line.end(), [](char c) { return absl::ascii_isxdigit(c) != 0; });
    if (!hex || line.size() != 64) {
      keys.keys_.clear();
      break;
    }
    std::string bytes = absl::HexStringToBytes(line);
    const SecretKey key = SecretKey::FromBytes(bytes);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    const Hash id = hasher.Hmac(key.view(), "meso payload master key");
    const std::string name = absl::BytesToHexString(HashView(id).substr(0, kKeyIdSize));
    if (keys.keys_.empty()) keys.current_id_ = name;
    keys.keys_.emplace(name, key);
  }
  if (keys.keys_.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
                 "A payload master key is 64 hex digits, one key per line, the current one first. "
                 "Make one with mesoctl admin init.")
        .Build();
  }
  return keys;
}

std::string PayloadMasterKeys::NewText() {
  return absl::StrCat(absl::BytesToHexString(SecretKey::Random().view()), "\n");
}

const SecretKey* PayloadMasterKeys::Find(const std::string& id) const {
  const auto it = keys_.find(id);
  return it == keys_.end() ? nullptr : &it->second;
}

struct PayloadCipher::Impl {
  EVP_CIPHER* cipher = nullptr;
  EVP_CIPHER_CTX* context = nullptr;
};

PayloadCipher::PayloadCipher() : impl_(std::make_unique<Impl>()) {
  impl_->cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  impl_->context = EVP_CIPHER_CTX_new();
  MESO_CHECK(impl_->cipher != nullptr && impl_->context != nullptr, "AES-256-GCM is there");
}

PayloadCipher::~PayloadCipher() {
  EVP_CIPHER_CTX_free(impl_->context);
  EVP_CIPHER_free(impl_->cipher);
}

std::string PayloadCipher::Seal(const SecretKey& key, absl::string_view bound_to,
                                absl::string_view plain) {
  std::string out(kNonceSize + plain.size() + kTagSize, '\0');
  uint8_t* nonce = Bytes(out);
  uint8_t* body = nonce + kNonceSize;
  EVP_CIPHER_CTX* context = impl_->context;
  int size = 0;
  const bool sealed =
      RAND_bytes(nonce, kNonceSize) == 1 &&
      EVP_EncryptInit_ex2(context, impl_->cipher, Bytes(key.view()), nonce, nullptr) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &size, Bytes(bound_to),
                        static_cast<int>(bound_to.size())) == 1 &&
      EVP_EncryptUpdate(context, body, &size, Bytes(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context, body + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, body + plain.size()) == 1;
  MESO_CHECK(sealed, "AES-256-GCM encrypts");
  return out;
}

std::optional<std::string> PayloadCipher::Open(const SecretKey& key, absl::string_view bound_to,
                                               absl::string_view cipher) {
  if (cipher.size() < kNonceSize + kTagSize) return std::nullopt;
  const absl::string_view body = cipher.substr(kNonceSize, cipher.size() - kNonceSize - kTagSize);
  std::string tag(cipher.substr(cipher.size() - kTagSize));
  std::string plain(body.size(), '\0');
  EVP_CIPHER_CTX* context = impl_->context;
  int size = 0;
  const bool opened =
      EVP_DecryptInit_ex2(context, impl_->cipher, Bytes(key.view()), Bytes(cipher), nullptr) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &size, Bytes(bound_to),
                        static_cast<int>(bound_to.size())) == 1 &&
      EVP_DecryptUpdate(context, Bytes(plain), &size, Bytes(body), static_cast<int>(body.size())) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context, Bytes(plain) + size, &size) == 1;
  if (!opened) return std::nullopt;
  return plain;
}

std::string PayloadCipher::Wrap(const SecretKey& master, const KeyName& name,
                                const SecretKey& key) {
  return Seal(master, BoundToKey(name), key.view());
}

std::optional<SecretKey> PayloadCipher::Unwrap(const SecretKey& master, const KeyName& name,
                                               absl::string_view wrapped) {
  std::optional<std::string> plain = Open(master, BoundToKey(name), wrapped);
  if (!plain || plain->size() != 32) return std::nullopt;
  const SecretKey key = SecretKey::FromBytes(*plain);
  OPENSSL_cleanse(plain->data(), plain->size());
  return key;
}

std::string PayloadCipher::Encrypt(const SecretKey& key, const KeyName& name,
                                   const PartPlace& place, const PayloadPart& part) {
  MESO_CHECK(part.salt.size() == kSaltSize, "a salt has 32 bytes");
  return Seal(key, BoundToPart(name, place), absl::StrCat(part.salt, part.payload));
}

bool PayloadCipher::Decrypt(const SecretKey& key, const KeyName& name, const PartPlace& place,
                            absl::string_view cipher, PayloadPart* part) {
  const std::optional<std::string> plain = Open(key, BoundToPart(name, place), cipher);
  if (!plain || plain->size() < kSaltSize) return false;
  part->salt = plain->substr(0, kSaltSize);
  part->payload = plain->substr(kSaltSize);
  return true;
}

Hash FingerprintOf(const SecretKey& key, Hasher& hasher) { return hasher.Plain(key.view()); }

}  // namespace meso::audit
