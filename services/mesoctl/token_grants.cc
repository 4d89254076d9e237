#include "services/mesoctl/token_grants.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/auth/jwks.h"
#include "common/auth/jwt.h"
#include "common/base/status_macros.h"
#include "common/base/strict_json.h"

namespace meso::mesoctl {
namespace {

absl::Status NoToken(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("this is no token: ", why, "; `mesoctl admin token` makes one"));
}

absl::StatusOr<JsonValue> DecodePart(absl::string_view part) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(part, &text)) return NoToken("a part of it is not base64url");
  absl::StatusOr<JsonValue> json = ParseStrictJson(text);
  if (!json.ok() || json->kind != JsonValue::Kind::kObject) {
    return NoToken("a part of it is no JSON object");
  }
  return json;
}

absl::Time TimeOf(const JsonValue& claims, absl::string_view name, absl::Time otherwise) {
  const JsonValue* value = claims.Find(name);
  if (value == nullptr || !value->integer) return otherwise;
  return absl::FromUnixSeconds(*value->integer);
}

}  // namespace

absl::StatusOr<TokenGrants> ReadGrants(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return NoToken("it has not the three parts of a JWT");
  MESO_ASSIGN_OR_RETURN(const JsonValue header, DecodePart(parts[0]));
  MESO_ASSIGN_OR_RETURN(const JsonValue claims, DecodePart(parts[1]));
  TokenGrants grants;
  if (const std::string* subject = claims.FindText("sub")) grants.subject = *subject;
  if (const std::string* key = header.FindText("kid")) grants.key_id = *key;
  grants.not_before = TimeOf(claims, "nbf", absl::InfinitePast());
  grants.expiry = TimeOf(claims, "exp", absl::InfiniteFuture());
  if (const JsonValue* roles = claims.Find("roles")) {
    for (const auto& [role, sites] : roles->members) {
      for (const JsonValue& site : sites.items) grants.roles[role].insert(site.text);
    }
  }
  return grants;
}

absl::Status CheckSignature(absl::string_view token, absl::string_view jwks) {
  MESO_ASSIGN_OR_RETURN(const KeySet keys, ParseJwks(jwks));
  return VerifyToken(token, keys, "meso", "meso").status();
}

std::string WhyNotNow(const TokenGrants& grants, absl::Time now) {
  if (now >= grants.expiry) {
    return absl::StrCat("expired ", RoughDuration(now - grants.expiry), " ago");
  }
  if (now < grants.not_before) {
    return absl::StrCat("not valid for another ", RoughDuration(grants.not_before - now));
  }
  return "";
}

std::string RoughDuration(absl::Duration duration) {
  if (duration >= absl::Hours(48)) return absl::StrCat(duration / absl::Hours(24), "d");
  if (duration >= absl::Minutes(2)) {
    return absl::FormatDuration(absl::Trunc(duration, absl::Minutes(1)));
  }
  return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1)));
}

}  // namespace meso::mesoctl
