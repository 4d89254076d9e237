#include "common/auth/jwt.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/auth/principal_codec.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/base/strict_json.h"

namespace meso {
namespace {

constexpr size_t kSubjectSizeMax = 128;
constexpr size_t kRolesMax = 32;
constexpr size_t kSitesMax = 1000;
constexpr absl::Duration kClockSkewMax = absl::Seconds(5);
// Far beyond any real date, near enough that absl::Time arithmetic stays exact.
constexpr int64_t kUnixSecondsMax = 253402300799;  // 9999-12-31T23:59:59Z

// Strict base64url: the alphabet without padding, and no second spelling of the same bytes (the
// unused low bits of the last character are zero), so that a token has one form only.
bool DecodeSegment(absl::string_view text, std::string* bytes) {
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') return false;
  }
  return absl::WebSafeBase64Unescape(text, bytes) && absl::WebSafeBase64Escape(*bytes) == text;
}

absl::StatusOr<JsonValue> DecodeObject(absl::string_view segment) {
  std::string text;
  if (!DecodeSegment(segment, &text)) return TokenInvalid("a part is not base64url");
  absl::StatusOr<JsonValue> json = ParseStrictJson(text);
  if (!json.ok()) return TokenInvalid(json.status().message());
  if (json->kind != JsonValue::Kind::kObject) return TokenInvalid("a part is not a JSON object");
  return json;
}

// The key named by the header. A token cannot choose how it is checked: the only algorithm is the
// key's own.
absl::StatusOr<const Ed25519PublicKey*> FindKey(const JsonValue& header, const KeySet& keys) {
  for (const char* name : {"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"}) {
    if (header.Find(name) != nullptr) return TokenInvalid("its header has a forbidden member");
  }
  const std::string* alg = header.FindText("alg");
  if (alg == nullptr || *alg != "EdDSA") return TokenInvalid("its algorithm is not EdDSA");
  if (const JsonValue* typ = header.Find("typ");
      typ != nullptr && !absl::EqualsIgnoreCase(typ->text, "JWT")) {
    return TokenInvalid("its type is not JWT");
  }
  const std::string* kid = header.FindText("kid");
  if (kid == nullptr) return TokenInvalid("its header names no key");
  const auto it = keys.find(*kid);
  if (it == keys.end()) return TokenInvalid("it is signed with a key that is not in the key set");
  return it->second.get();
}

bool HasAudience(const JsonValue& claims, absl::string_view audience) {
  const JsonValue* aud = claims.Find("aud");
  if (aud == nullptr) return false;
  if (aud->kind == JsonValue::Kind::kString) return aud->text == audience;
  return std::any_of(aud->items.begin(), aud->items.end(), [&](const JsonValue& item) {
    return item.kind == JsonValue::Kind::kString && item.text == audience;
  });
}

absl::StatusOr<absl::Time> ReadTime(const JsonValue& value) {
  if (!value.integer || *value.integer < 0 || *value.integer > kUnixSecondsMax) {
    return TokenInvalid("a time is not in whole seconds since 1970");
  }
  return absl::FromUnixSeconds(*value.integer);
}

bool IsRoleName(absl::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || c == '_';
  });
}

absl::StatusOr<Principal> ReadPrincipal(const JsonValue& claims) {
  Principal principal;
  const std::string* sub = claims.FindText("sub");
  if (sub == nullptr || sub->empty() || sub->size() > kSubjectSizeMax ||
      !std::all_of(sub->begin(), sub->end(),
                   [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); })) {
    return TokenInvalid("its subject is missing or malformed");
  }
  principal.subject = *sub;
  const JsonValue* roles = claims.Find("roles");
  if (roles == nullptr) return principal;
  if (roles->kind != JsonValue::Kind::kObject || roles->members.size() > kRolesMax) {
    return TokenInvalid("its roles are malformed");
  }
  for (const auto& [role, sites] : roles->members) {
    if (!IsRoleName(role) || sites.kind != JsonValue::Kind::kArray ||
        sites.items.size() > kSitesMax) {
      return TokenInvalid("its roles are malformed");
    }
    for (const JsonValue& site : sites.items) {
      if (site.text != "*" && !IsCode(site.text)) {
        return TokenInvalid("a role's site is not a site code or *");
      }
      principal.roles[role].insert(site.text);
    }
  }
  return principal;
}

}  // namespace

absl::StatusOr<VerifiedToken> VerifyToken(absl::string_view token, const KeySet& keys,
                                          absl::string_view issuer, absl::string_view audience) {
  if (token.size() > kTokenSizeMax) return TokenInvalid("it is longer than 8 KB");
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return TokenInvalid("it is not a JWT");
  MESO_ASSIGN_OR_RETURN(const JsonValue header, DecodeObject(parts[0]));
  MESO_ASSIGN_OR_RETURN(const Ed25519PublicKey* key, FindKey(header, keys));
  std::string signature;
  if (!DecodeSegment(parts[2], &signature) ||
      !key->Verify(token.substr(0, parts[0].size() + 1 + parts[1].size()), signature)) {
    return TokenInvalid("its signature is wrong");
  }
  MESO_ASSIGN_OR_RETURN(const JsonValue claims, DecodeObject(parts[1]));
  const std::string* iss = claims.FindText("iss");
  if (iss == nullptr || *iss != issuer) return TokenInvalid("it is from another issuer");
  if (!HasAudience(claims, audience)) return TokenInvalid("it is for another audience");
  VerifiedToken verified;
  const JsonValue* exp = claims.Find("exp");
  if (exp == nullptr) return TokenInvalid("it has no expiry");
  MESO_ASSIGN_OR_RETURN(verified.expiry, ReadTime(*exp));
  verified.not_before = absl::InfinitePast();
  if (const JsonValue* nbf = claims.Find("nbf"); nbf != nullptr) {
    MESO_ASSIGN_OR_RETURN(verified.not_before, ReadTime(*nbf));
  }
  MESO_ASSIGN_OR_RETURN(verified.principal, ReadPrincipal(claims));
  // A service hands the principal on with every call it makes for this user: what can't be handed
  // on would pass here and fail at the first booking.
  if (EncodePrincipal(verified.principal).size() > kPrincipalBytesMax) {
    return TokenInvalid("it names more roles and sites than can be handed on; use \"*\"");
  }
  return verified;
}

absl::Status CheckTokenTimes(const VerifiedToken& token, absl::Time now) {
  if (now >= token.expiry) return TokenExpired();
  if (now + kClockSkewMax < token.not_before) return TokenInvalid("it is not valid yet");
  return absl::OkStatus();
}

}  // namespace meso
