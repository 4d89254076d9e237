#include "common/auth/token_issuer.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/auth/ed25519.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

std::string RolesJson(const Principal& principal) {
  return absl::StrCat(
      "{",
      absl::StrJoin(principal.roles, ",",
                    [](std::string* out, const auto& role) {
                      absl::StrAppend(out, JsonQuote(role.first), ":[",
                                      absl::StrJoin(role.second, ",",
                                                    [](std::string* list, const std::string& site) {
                                                      absl::StrAppend(list, JsonQuote(site));
                                                    }),
                                      "]");
                    }),
      "}");
}

}  // namespace

std::string GenerateKey() { return GenerateEd25519Key(); }

absl::StatusOr<std::string> SignToken(absl::string_view private_key_pem, absl::string_view kid,
                                      const TokenRequest& request) {
  const std::string header =
      absl::StrCat("{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":", JsonQuote(kid), "}");
  const std::string claims =
      absl::StrCat("{\"iss\":", JsonQuote(request.issuer), ",\"aud\":", JsonQuote(request.audience),
                   ",\"sub\":", JsonQuote(request.principal.subject),
                   ",\"nbf\":", absl::ToUnixSeconds(request.not_before),
                   ",\"exp\":", absl::ToUnixSeconds(request.expiry),
                   ",\"roles\":", RolesJson(request.principal), "}");
  const std::string signed_part =
      absl::StrCat(absl::WebSafeBase64Escape(header), ".", absl::WebSafeBase64Escape(claims));
  MESO_ASSIGN_OR_RETURN(const std::string signature, SignEd25519(private_key_pem, signed_part));
  return absl::StrCat(signed_part, ".", absl::WebSafeBase64Escape(signature));
}

absl::StatusOr<std::string> ToJwks(const std::vector<std::pair<std::string, std::string>>& keys) {
  std::vector<std::string> entries;
  for (const auto& [kid, pem] : keys) {
    MESO_ASSIGN_OR_RETURN(const std::string raw, Ed25519PublicBytes(pem));
    entries.push_back(absl::StrCat(
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":",
        JsonQuote(kid), ",\"x\":\"", absl::WebSafeBase64Escape(raw), "\"}"));
  }
  return absl::StrCat("{\"keys\":[", absl::StrJoin(entries, ","), "]}\n");
}

Principal ServicePrincipal(absl::string_view service) {
  Principal principal;
  principal.subject = absl::StrCat("services/", service);
  principal.roles[kRoleService].insert("*");
  return principal;
}

}  // namespace meso
