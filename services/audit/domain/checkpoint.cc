#include "services/audit/domain/checkpoint.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

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
#include "services/audit/domain/errors.h"

namespace meso::audit {
namespace {

constexpr char kEd25519 = '\x01';
constexpr size_t kKeySize = 32;
constexpr size_t kSignatureSize = 64;
constexpr size_t kNoteSizeMax = 64 * 1024;
constexpr size_t kSignatureLinesMax = 100;
constexpr absl::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // em dash, space
constexpr absl::string_view kPrivatePrefix = "PRIVATE+KEY+";

absl::Status KeyInvalid(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
               absl::StrCat("Not a log key: ", why, "."));
}

bool IsKeyName(absl::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  for (const char c : name) {
    if (c == '+' || static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return false;
  }
  return true;
}

uint32_t BigEndian32(absl::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

uint32_t KeyHash(absl::string_view name, absl::string_view public_key) {
  const Hash hash = Hasher().Plain(absl::StrCat(name, "\n", std::string(1, kEd25519), public_key));
  return BigEndian32(HashView(hash));
}

// name+hash+base64(algorithm || bytes), common to both forms. absl's decoder forgives missing
// padding and white space; a key has one spelling, so it must encode back to itself.
struct KeyParts {
  std::string name;
  uint32_t hash = 0;
  std::string bytes;
};
absl::StatusOr<KeyParts> SplitKey(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('+', 2));
  if (parts.size() != 3) return KeyInvalid("it has the form name+hash+base64");
  KeyParts key;
  key.name = std::string(parts[0]);
  if (!IsKeyName(key.name)) return KeyInvalid("the name is empty or holds forbidden characters");
  if (parts[1].size() != 8 || !absl::SimpleHexAtoi(parts[1], &key.hash)) {
    return KeyInvalid("the hash is not 8 hex digits");
  }
  std::string bytes;
  if (!absl::Base64Unescape(parts[2], &bytes) || absl::Base64Escape(bytes) != parts[2] ||
      bytes.size() != 1 + kKeySize) {
    return KeyInvalid("the key is not 33 bytes in base64");
  }
  if (bytes[0] != kEd25519) return KeyInvalid("the algorithm is not Ed25519");
  key.bytes = bytes.substr(1);
  return key;
}

bool SignatureHolds(const VerifierKey& key, absl::string_view text, absl::string_view signature) {
  if (signature.size() != kSignatureSize) return false;
  EVP_PKEY* pkey = EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(key.public_key.data()), kKeySize);
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

// The signed text with its last newline, and the signature lines behind the empty line.
struct NoteParts {
  absl::string_view text;
  std::vector<absl::string_view> signatures;
};
absl::StatusOr<NoteParts> SplitNote(absl::string_view note) {
  if (note.size() > kNoteSizeMax) return CheckpointBroken("it is too long");
  const size_t gap = note.rfind("\n\n");
  if (gap == absl::string_view::npos) return CheckpointBroken("it has no signature block");
  NoteParts parts;
  parts.text = note.substr(0, gap + 1);
  absl::string_view block = note.substr(gap + 2);
  if (block.empty() || !absl::ConsumeSuffix(&block, "\n")) {
    return CheckpointBroken("the signature block is cut");
  }
  parts.signatures = absl::StrSplit(block, '\n');
  if (parts.signatures.size() > kSignatureLinesMax) return CheckpointBroken("too many signatures");
  return parts;
}

absl::StatusOr<Checkpoint> ParseText(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  // origin, size, root, [extension lines,] and the empty piece behind the last newline
  if (lines.size() < 4 || lines[0].empty()) return CheckpointBroken("it has fewer than 3 lines");
  Checkpoint checkpoint;
  checkpoint.origin = std::string(lines[0]);
  if (!absl::SimpleAtoi(lines[1], &checkpoint.size) || absl::StrCat(checkpoint.size) != lines[1]) {
    return CheckpointBroken("the size is not a number");
  }
  std::string root;
  if (!absl::Base64Unescape(lines[2], &root) || absl::Base64Escape(root) != lines[2] ||
      root.size() != kKeySize) {
    return CheckpointBroken("the root is not 32 bytes in base64");
  }
  checkpoint.root = HashFrom(root);
  return checkpoint;
}

}  // namespace

struct SigningKey::Impl {
  EVP_PKEY* pkey = nullptr;
  ~Impl() { EVP_PKEY_free(pkey); }
};

std::string VerifierKey::Encode() const {
  return absl::StrFormat("%s+%08x+%s", name, hash,
                         absl::Base64Escape(absl::StrCat(std::string(1, kEd25519), public_key)));
}

absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text) {
  MESO_ASSIGN_OR_RETURN(KeyParts parts, SplitKey(absl::StripAsciiWhitespace(text)));
  if (parts.hash != KeyHash(parts.name, parts.bytes)) {
    return KeyInvalid("its hash does not belong to this name and key");
  }
  return VerifierKey{std::move(parts.name), std::move(parts.bytes), parts.hash};
}

SigningKey::~SigningKey() = default;

std::string SigningKey::Sign(absl::string_view text) const {
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

std::string SigningKey::Encode() const {
  return absl::StrFormat("%s%s+%08x+%s", kPrivatePrefix, verifier_.name, verifier_.hash,
                         absl::Base64Escape(absl::StrCat(std::string(1, kEd25519), seed_)));
}

absl::StatusOr<std::unique_ptr<SigningKey>> MakeSigningKey(absl::string_view name,
                                                           absl::string_view seed) {
  if (!IsKeyName(name)) return KeyInvalid("the name is empty or holds forbidden characters");
  if (seed.size() != kKeySize) return KeyInvalid("the seed has not 32 bytes");
  auto key = std::unique_ptr<SigningKey>(new SigningKey());
  key->impl_ = std::make_unique<SigningKey::Impl>();
  key->impl_->pkey = EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(seed.data()), seed.size());
  std::string public_key(kKeySize, '\0');
  size_t size = public_key.size();
  if (key->impl_->pkey == nullptr ||
      EVP_PKEY_get_raw_public_key(key->impl_->pkey, reinterpret_cast<uint8_t*>(public_key.data()),
                                  &size) != 1) {
    return KeyInvalid("OpenSSL refuses it");
  }
  key->seed_ = std::string(seed);
  key->verifier_ = {std::string(name), public_key, KeyHash(name, public_key)};
  return key;
}

absl::StatusOr<std::unique_ptr<SigningKey>> NewSigningKey(absl::string_view name) {
  uint8_t seed[kKeySize];
  MESO_CHECK(RAND_priv_bytes(seed, sizeof(seed)) == 1, "the system has random bytes");
  return MakeSigningKey(name, absl::string_view(reinterpret_cast<const char*>(seed), kKeySize));
}

absl::StatusOr<std::unique_ptr<SigningKey>> ParseSigningKey(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, kPrivatePrefix)) {
    return KeyInvalid("a signing key begins with PRIVATE+KEY+");
  }
  MESO_ASSIGN_OR_RETURN(const KeyParts parts, SplitKey(text));
  MESO_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, MakeSigningKey(parts.name, parts.bytes));
  if (key->verifier().hash != parts.hash) {
    return KeyInvalid("its hash does not belong to this name and key");
  }
  return key;
}

std::string SignCheckpoint(uint64_t size, const Hash& root, const SigningKey& key) {
  const std::string& name = key.verifier().name;
  const std::string text =
      absl::StrCat(name, "\n", size, "\n", absl::Base64Escape(HashView(root)), "\n");
  std::string signature;
  for (int shift = 24; shift >= 0; shift -= 8) {
    signature.push_back(static_cast<char>(key.verifier().hash >> shift & 0xff));
  }
  signature += key.Sign(text);
  return absl::StrCat(text, "\n", kSignaturePrefix, name, " ", absl::Base64Escape(signature), "\n");
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view note) {
  MESO_ASSIGN_OR_RETURN(const NoteParts parts, SplitNote(note));
  return ParseText(parts.text);
}

absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note,
                                          const std::vector<VerifierKey>& keys) {
  MESO_ASSIGN_OR_RETURN(const NoteParts parts, SplitNote(note));
  bool verified = false;
  for (absl::string_view line : parts.signatures) {
    const absl::string_view whole = line;
    const std::vector<absl::string_view> words =
        absl::StrSplit(absl::StripPrefix(line, kSignaturePrefix), ' ');
    std::string bytes;
    if (!absl::StartsWith(whole, kSignaturePrefix) || words.size() != 2 || !IsKeyName(words[0]) ||
        !absl::Base64Unescape(words[1], &bytes) || absl::Base64Escape(bytes) != words[1] ||
        bytes.size() < 5) {
      return CheckpointBroken("a signature line is malformed");
    }
    for (const VerifierKey& key : keys) {
      if (key.name != words[0] || key.hash != BigEndian32(bytes)) continue;
      if (!SignatureHolds(key, parts.text, absl::string_view(bytes).substr(4))) {
        return CheckpointBroken(absl::StrCat("the signature by ", key.name, " does not hold"));
      }
      verified = true;
    }
  }
  if (!verified) return CheckpointBroken("no signature by a known key");
  return ParseText(parts.text);
}

}  // namespace meso::audit
