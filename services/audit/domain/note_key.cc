#include "services/audit/domain/note_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/hash.h"

namespace meso::audit {
namespace {

constexpr size_t kKeySize = 32;
constexpr size_t kSignatureSize = 64;
constexpr absl::string_view kPrivatePrefix = "PRIVATE+KEY+";

absl::Status KeyInvalid(SignerKind kind, absl::string_view why) {
  return Error(
      absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
      absl::StrCat("Not a ", kind == SignerKind::kLog ? "log" : "witness", " key: ", why, "."));
}

// The byte that stands before the key in text forms and in the key's hash.
std::string KindByte(SignerKind kind) { return std::string(1, static_cast<char>(kind)); }

uint32_t KeyHash(absl::string_view name, absl::string_view public_key, SignerKind kind) {
  const Hash hash = Hasher().Plain(absl::StrCat(name, "\n", KindByte(kind), public_key));
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | hash[static_cast<size_t>(i)];
  return value;
}

// name+hash+base64(kind || bytes), common to both forms. absl's decoder forgives missing padding
// and white space; a key has one spelling, so it must encode back to itself.
struct KeyParts {
  std::string name;
  uint32_t hash = 0;
  std::string bytes;
};
absl::StatusOr<KeyParts> SplitKey(absl::string_view text, SignerKind kind) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('+', 2));
  if (parts.size() != 3) return KeyInvalid(kind, "it has the form name+hash+base64");
  KeyParts key;
  key.name = std::string(parts[0]);
  if (!IsKeyName(key.name)) {
    return KeyInvalid(kind, "the name is empty or holds forbidden characters");
  }
  if (parts[1].size() != 8 || !absl::SimpleHexAtoi(parts[1], &key.hash)) {
    return KeyInvalid(kind, "the hash is not 8 hex digits");
  }
  std::string bytes;
  if (!absl::Base64Unescape(parts[2], &bytes) || absl::Base64Escape(bytes) != parts[2] ||
      bytes.size() != 1 + kKeySize) {
    return KeyInvalid(kind, "the key is not 33 bytes in base64");
  }
  if (bytes.substr(0, 1) != KindByte(kind)) {
    return KeyInvalid(kind, kind == SignerKind::kLog ? "the algorithm is not Ed25519"
                                                     : "the algorithm is not that of cosignatures");
  }
  key.bytes = bytes.substr(1);
  return key;
}

absl::StatusOr<VerifierKey> ParsePublic(absl::string_view text, SignerKind kind) {
  MESO_ASSIGN_OR_RETURN(KeyParts parts, SplitKey(absl::StripAsciiWhitespace(text), kind));
  if (parts.hash != KeyHash(parts.name, parts.bytes, kind)) {
    return KeyInvalid(kind, "its hash does not belong to this name and key");
  }
  return VerifierKey{std::move(parts.name), std::move(parts.bytes), parts.hash, kind};
}

absl::StatusOr<KeyParts> SplitPrivate(absl::string_view text, SignerKind kind) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, kPrivatePrefix)) {
    return KeyInvalid(kind, "a private key begins with PRIVATE+KEY+");
  }
  return SplitKey(text, kind);
}

std::string RandomSeed() {
  std::string seed(kKeySize, '\0');
  MESO_CHECK(RAND_priv_bytes(reinterpret_cast<uint8_t*>(seed.data()), kKeySize) == 1,
             "the system has random bytes");
  return seed;
}

}  // namespace

bool IsKeyName(absl::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  for (const char c : name) {
    if (c == '+' || static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return false;
  }
  return true;
}

std::string VerifierKey::Encode() const {
  return absl::StrFormat("%s+%08x+%s", name, hash,
                         absl::Base64Escape(absl::StrCat(KindByte(kind), public_key)));
}

bool VerifierKey::Holds(absl::string_view text, absl::string_view signature) const {
  if (signature.size() != kSignatureSize || public_key.size() != kKeySize) return false;
  EVP_PKEY* pkey = EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(public_key.data()), kKeySize);
  if (pkey == nullptr) return false;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool holds =
      EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, pkey) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const uint8_t*>(signature.data()),
                       signature.size(), reinterpret_cast<const uint8_t*>(text.data()),
                       text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(pkey);
  return holds;
}

absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text) {
  return ParsePublic(text, SignerKind::kLog);
}

absl::StatusOr<VerifierKey> ParseWitnessKey(absl::string_view text) {
  return ParsePublic(text, SignerKind::kWitness);
}

struct PrivateKey::Impl {
  EVP_PKEY* pkey = nullptr;
  ~Impl() { EVP_PKEY_free(pkey); }
};

PrivateKey::PrivateKey() = default;
PrivateKey::~PrivateKey() = default;

absl::Status PrivateKey::Init(absl::string_view name, absl::string_view seed, SignerKind kind) {
  if (!IsKeyName(name)) return KeyInvalid(kind, "the name is empty or holds forbidden characters");
  if (seed.size() != kKeySize) return KeyInvalid(kind, "the seed has not 32 bytes");
  impl_ = std::make_unique<Impl>();
  impl_->pkey = EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(seed.data()), seed.size());
  std::string public_key(kKeySize, '\0');
  size_t size = public_key.size();
  if (impl_->pkey == nullptr ||
      EVP_PKEY_get_raw_public_key(impl_->pkey, reinterpret_cast<uint8_t*>(public_key.data()),
                                  &size) != 1) {
    return KeyInvalid(kind, "OpenSSL refuses it");
  }
  seed_ = std::string(seed);
  verifier_ = {std::string(name), public_key, KeyHash(name, public_key, kind), kind};
  return absl::OkStatus();
}

std::string PrivateKey::Sign(absl::string_view text) const {
  std::string signature(kSignatureSize, '\0');
  size_t size = signature.size();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool signed_ =
      EVP_DigestSignInit(context, nullptr, nullptr, nullptr, impl_->pkey) == 1 &&
      EVP_DigestSign(context, reinterpret_cast<uint8_t*>(signature.data()), &size,
                     reinterpret_cast<const uint8_t*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  MESO_CHECK(signed_ && size == kSignatureSize, "a loaded Ed25519 key signs");
  return signature;
}

std::string PrivateKey::Encode() const {
  return absl::StrFormat("%s%s+%08x+%s", kPrivatePrefix, verifier_.name, verifier_.hash,
                         absl::Base64Escape(absl::StrCat(KindByte(verifier_.kind), seed_)));
}

absl::StatusOr<std::unique_ptr<SigningKey>> MakeSigningKey(absl::string_view name,
                                                           absl::string_view seed) {
  std::unique_ptr<SigningKey> key(new SigningKey());
  MESO_RETURN_IF_ERROR(key->Init(name, seed, SignerKind::kLog));
  return key;
}

absl::StatusOr<std::unique_ptr<CosigningKey>> MakeCosigningKey(absl::string_view name,
                                                               absl::string_view seed) {
  std::unique_ptr<CosigningKey> key(new CosigningKey());
  MESO_RETURN_IF_ERROR(key->Init(name, seed, SignerKind::kWitness));
  return key;
}

absl::StatusOr<std::unique_ptr<SigningKey>> NewSigningKey(absl::string_view name) {
  return MakeSigningKey(name, RandomSeed());
}

absl::StatusOr<std::unique_ptr<CosigningKey>> NewCosigningKey(absl::string_view name) {
  return MakeCosigningKey(name, RandomSeed());
}

absl::StatusOr<std::unique_ptr<SigningKey>> ParseSigningKey(absl::string_view text) {
  MESO_ASSIGN_OR_RETURN(const KeyParts parts, SplitPrivate(text, SignerKind::kLog));
  MESO_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, MakeSigningKey(parts.name, parts.bytes));
  if (key->verifier().hash != parts.hash) {
    return KeyInvalid(SignerKind::kLog, "its hash does not belong to this name and key");
  }
  return key;
}

absl::StatusOr<std::unique_ptr<CosigningKey>> ParseCosigningKey(absl::string_view text) {
  MESO_ASSIGN_OR_RETURN(const KeyParts parts, SplitPrivate(text, SignerKind::kWitness));
  MESO_ASSIGN_OR_RETURN(std::unique_ptr<CosigningKey> key,
                        MakeCosigningKey(parts.name, parts.bytes));
  if (key->verifier().hash != parts.hash) {
    return KeyInvalid(SignerKind::kWitness, "its hash does not belong to this name and key");
  }
  return key;
}

}  // namespace meso::audit
