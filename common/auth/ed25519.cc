#include "common/auth/ed25519.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

#include "common/base/check.h"

namespace meso {
namespace {

constexpr size_t kPublicKeySize = 32;
constexpr size_t kSignatureSize = 64;

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyDeleter>;
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;
using Memory = std::unique_ptr<BIO, BioDeleter>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

class OpenSslPublicKey final : public Ed25519PublicKey {
 public:
  explicit OpenSslPublicKey(Key key) : key_(std::move(key)) {}

  bool Verify(absl::string_view message, absl::string_view signature) const override {
    if (signature.size() != kSignatureSize) return false;
    const Context context(EVP_MD_CTX_new());
    // The digest is nullptr: Ed25519 hashes by itself, and no other algorithm can be slipped in.
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                            message.size()) == 1;
  }

 private:
  const Key key_;
};

absl::StatusOr<Key> ReadPrivateKey(absl::string_view pem) {
  const Memory bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // An empty password callback: an encrypted key must fail instead of asking on the terminal.
  Key key(PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError("the file holds no Ed25519 private key in PEM form");
  }
  return key;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Ed25519PublicKey>> Ed25519PublicKey::FromRaw(
    absl::string_view raw) {
  if (raw.size() != kPublicKeySize) {
    return absl::InvalidArgumentError("an Ed25519 public key has 32 bytes");
  }
  Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(raw), raw.size()));
  if (!key) return absl::InvalidArgumentError("not an Ed25519 public key");
  return std::make_shared<const OpenSslPublicKey>(std::move(key));
}

std::string GenerateEd25519Key() {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Memory bio(BIO_new(BIO_s_mem()));
  MESO_CHECK(key && bio &&
                 PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                          nullptr) == 1,
             "OpenSSL could not make a key");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);  // NOLINT(google-runtime-int): OpenSSL's
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<std::string> SignEd25519(absl::string_view private_key_pem,
                                        absl::string_view message) {
  absl::StatusOr<Key> key = ReadPrivateKey(private_key_pem);
  if (!key.ok()) return key.status();
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureSize, '\0');
  size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key->get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(message), message.size()) != 1) {
    return absl::InvalidArgumentError("the key cannot sign");
  }
  return signature;
}

absl::StatusOr<std::string> Ed25519PublicBytes(absl::string_view private_key_pem) {
  absl::StatusOr<Key> key = ReadPrivateKey(private_key_pem);
  if (!key.ok()) return key.status();
  std::string raw(kPublicKeySize, '\0');
  size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key->get(), reinterpret_cast<unsigned char*>(raw.data()),
                                  &size) != 1) {
    return absl::InvalidArgumentError("the key has no public part");
  }
  return raw;
}

}  // namespace meso
