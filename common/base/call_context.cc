#include "common/base/call_context.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/codec.h"

namespace meso {
namespace {

constexpr char kAllSites[] = "*";

void EncodePrincipal(const Principal& principal, Encoder& out) {
  out.String(principal.subject).Int(static_cast<int64_t>(principal.roles.size()));
  for (const auto& [role, sites] : principal.roles) {
    out.String(role).Int(static_cast<int64_t>(sites.size()));
    for (const std::string& site : sites) out.String(site);
  }
}

Principal DecodePrincipal(Decoder& in) {
  Principal principal;
  principal.subject = in.String();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    std::set<std::string>& sites = principal.roles[in.String()];
    for (size_t m = in.Count(); m > 0 && in.ok(); --m) sites.insert(in.String());
  }
  return principal;
}

bool HasAnyAt(const Principal& principal, const std::vector<std::string>& roles,
              absl::string_view site_name) {
  for (const std::string& role : roles) {
    if (principal.HasRoleAt(role, site_name)) return true;
  }
  return false;
}

// The sites where the principal holds one of the roles; nullopt = all.
std::optional<std::set<std::string>> SitesOf(const Principal& principal,
                                             const std::vector<std::string>& roles) {
  std::set<std::string> names;
  for (const std::string& role : roles) {
    const auto it = principal.roles.find(role);
    if (it == principal.roles.end()) continue;
    for (const std::string& site : it->second) {
      if (site == kAllSites) return std::nullopt;
      names.insert(absl::StrCat("sites/", site));
    }
  }
  return names;
}

}  // namespace

bool Principal::HasRole(absl::string_view role) const {
  const auto it = roles.find(std::string(role));
  return it != roles.end() && !it->second.empty();
}

bool Principal::HasRoleAt(absl::string_view role, absl::string_view site_name) const {
  const auto it = roles.find(std::string(role));
  if (it == roles.end()) return false;
  return it->second.count(kAllSites) > 0 ||
         it->second.count(std::string(absl::StripPrefix(site_name, "sites/"))) > 0;
}

bool Principal::HasRoleEverywhere(absl::string_view role) const {
  const auto it = roles.find(std::string(role));
  return it != roles.end() && it->second.count(kAllSites) > 0;
}

bool CallContext::MayUseAt(absl::string_view site_name) const {
  if (!HasAnyAt(caller, allowed_roles, site_name)) return false;
  return !on_behalf_of || HasAnyAt(*on_behalf_of, allowed_roles, site_name);
}

std::optional<std::set<std::string>> CallContext::AllowedSites() const {
  std::optional<std::set<std::string>> sites = SitesOf(caller, allowed_roles);
  if (!on_behalf_of) return sites;
  std::optional<std::set<std::string>> user_sites = SitesOf(*on_behalf_of, allowed_roles);
  if (!sites) return user_sites;
  if (!user_sites) return sites;
  std::set<std::string> both;
  for (const std::string& site : *sites) {
    if (user_sites->count(site) > 0) both.insert(site);
  }
  return both;
}

std::string EncodeCaller(const CallContext& call) {
  Encoder out;
  EncodePrincipal(call.caller, out);
  out.Int(call.on_behalf_of ? 1 : 0);
  if (call.on_behalf_of) EncodePrincipal(*call.on_behalf_of, out);
  out.String(call.method).String(call.action);
  out.Int(static_cast<int64_t>(call.allowed_roles.size()));
  for (const std::string& role : call.allowed_roles) out.String(role);
  out.String(call.reply_key.caller).String(call.reply_key.method);
  out.String(call.reply_key.request_id).String(call.reply_key.body_hash);
  out.String(call.correlation_id).String(call.causation_id).String(call.trace_parent);
  out.String(call.client_address);
  return out.Take();
}

absl::StatusOr<CallContext> DecodeCaller(absl::string_view bytes) {
  Decoder in(bytes);
  CallContext call;
  call.caller = DecodePrincipal(in);
  if (in.Int() == 1) call.on_behalf_of = DecodePrincipal(in);
  call.method = in.String();
  call.action = in.String();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) call.allowed_roles.push_back(in.String());
  call.reply_key.caller = in.String();
  call.reply_key.method = in.String();
  call.reply_key.request_id = in.String();
  call.reply_key.body_hash = in.String();
  call.correlation_id = in.String();
  call.causation_id = in.String();
  call.trace_parent = in.String();
  call.client_address = in.String();
  if (!in.done()) return absl::DataLossError("a stored caller cannot be read");
  return call;
}

CallContext ServiceContext(absl::string_view service, absl::string_view method) {
  CallContext call;
  call.caller.subject = absl::StrCat("services/", service);
  call.caller.roles[kRoleService].insert(kAllSites);
  call.method = std::string(method);
  call.action = "U";
  call.allowed_roles = {kRoleService};
  return call;
}

}  // namespace meso
