#include "common/auth/principal_codec.h"

#include "common/base/codec.h"
#include "common/base/error.h"

namespace meso {

std::string EncodePrincipal(const Principal& principal) {
  Encoder out;
  out.String(principal.subject).Int(static_cast<int64_t>(principal.roles.size()));
  for (const auto& [role, sites] : principal.roles) {
    out.String(role).Int(static_cast<int64_t>(sites.size()));
    for (const std::string& site : sites) out.String(site);
  }
  return out.Take();
}

absl::StatusOr<Principal> DecodePrincipal(absl::string_view bytes) {
  Decoder in(bytes.size() <= kPrincipalBytesMax ? bytes : absl::string_view());
  Principal principal;
  principal.subject = in.String();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    std::set<std::string>& sites = principal.roles[in.String()];
    for (size_t m = in.Count(); m > 0 && in.ok(); --m) sites.insert(in.String());
  }
  if (!in.done() || principal.subject.empty()) {
    FieldErrors errors;
    errors.Invalid(kOnBehalfOfKey, "is not a principal as the services write it");
    return errors.ToStatus();
  }
  return principal;
}

}  // namespace meso
