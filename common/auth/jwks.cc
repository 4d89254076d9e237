#include "common/auth/jwks.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/strict_json.h"

namespace meso {
namespace {

// Signing keys only: `use` and `alg` may be absent, but must not say otherwise.
bool IsForUs(const JsonValue& key) {
  const std::string* kty = key.FindText("kty");
  const std::string* crv = key.FindText("crv");
  const JsonValue* alg = key.Find("alg");
  const JsonValue* use = key.Find("use");
  return kty != nullptr && *kty == "OKP" && crv != nullptr && *crv == "Ed25519" &&
         (alg == nullptr || alg->text == "EdDSA") && (use == nullptr || use->text == "sig");
}

}  // namespace

absl::StatusOr<KeySet> ParseJwks(absl::string_view text) {
  absl::StatusOr<JsonValue> json = ParseStrictJson(text);
  if (!json.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a JSON Web Key Set: ", json.status().message()));
  }
  const JsonValue* keys = json->Find("keys");
  if (keys == nullptr || keys->kind != JsonValue::Kind::kArray) {
    return absl::InvalidArgumentError("not a JSON Web Key Set: it has no array `keys`");
  }
  KeySet set;
  for (const JsonValue& key : keys->items) {
    if (!IsForUs(key)) continue;
    if (key.Find("d") != nullptr) {
      return absl::InvalidArgumentError(
          "it contains a private key; services need the public keys only");
    }
    const std::string* kid = key.FindText("kid");
    const std::string* x = key.FindText("x");
    std::string raw;
    if (kid == nullptr || kid->empty() || x == nullptr || !absl::WebSafeBase64Unescape(*x, &raw)) {
      return absl::InvalidArgumentError("an Ed25519 key has no kid, or an x that is not base64url");
    }
    auto public_key = Ed25519PublicKey::FromRaw(raw);
    if (!public_key.ok()) return public_key.status();
    if (!set.emplace(*kid, *std::move(public_key)).second) {
      return absl::InvalidArgumentError(absl::StrCat("kid ", *kid, " appears twice"));
    }
  }
  if (set.empty()) return absl::InvalidArgumentError("it holds no Ed25519 key");
  return set;
}

}  // namespace meso
