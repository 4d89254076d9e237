#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/auth/authenticator.h"
#include "common/auth/site_field.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void Collect(const Message& message, absl::Span<const absl::string_view> path,
             std::vector<std::string>& out) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(path[0]));
  if (field == nullptr) return;
  const Reflection& reflection = *message.GetReflection();
  const bool last = path.size() == 1;
  if (last && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    if (!field->is_repeated()) {
      out.push_back(reflection.GetString(message, field));
      return;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      out.push_back(reflection.GetRepeatedString(message, field, i));
    }
  } else if (!last && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    if (!field->is_repeated()) {
      if (!reflection.HasField(message, field)) return;
      Collect(reflection.GetMessage(message, field), path.subspan(1), out);
      return;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      Collect(reflection.GetRepeatedMessage(message, field, i), path.subspan(1), out);
    }
  }
}

absl::Status CheckPrincipal(const MethodPolicy& policy, const std::vector<std::string>& sites,
                            const Principal& principal) {
  const auto any = [&](auto predicate) {
    return std::any_of(policy.roles.begin(), policy.roles.end(), predicate);
  };
  if (!any([&](const std::string& role) { return principal.HasRole(role); })) {
    return RoleRequired(policy.roles);
  }
  if (policy.site_scope == MethodPolicy::SiteScope::kChain &&
      !any([&](const std::string& role) { return principal.HasRoleEverywhere(role); })) {
    const std::string roles = absl::StrJoin(policy.roles, ", ");
    return Error(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED",
                 absl::StrCat("This call needs one of the roles ", roles,
                              " at all sites; your token has it at some only."))
        .With("roles", roles)
        .With("site", "sites/-");
  }
  for (const std::string& site : sites) {
    // The wildcard needs no right of its own: it narrows the answer to the caller's sites.
    if (site == "sites/-") continue;
    if (!any([&](const std::string& role) { return principal.HasRoleAt(role, site); })) {
      return SiteForbidden(site);
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> SiteFieldValues(const MethodPolicy& policy, const Message& request) {
  std::vector<std::string> values;
  if (policy.site_scope != MethodPolicy::SiteScope::kRequest || policy.site_field.empty()) {
    return values;
  }
  const std::vector<absl::string_view> path = absl::StrSplit(policy.site_field, '.');
  Collect(request, path, values);
  values.erase(std::remove(values.begin(), values.end(), ""), values.end());
  return values;
}

absl::Status Authorize(const MethodPolicy& policy, const Message& request, CallContext& call) {
  call.allowed_roles = policy.roles;
  call.action = policy.action;
  if (call.on_behalf_of &&
      !(call.caller.HasRole(kRoleService) && absl::StartsWith(call.caller.subject, "services/"))) {
    // Only a service may speak for somebody else; anyone else could claim any name.
    return RoleRequired({kRoleService});
  }
  std::vector<std::string> sites;
  for (const std::string& value : SiteFieldValues(policy, request)) {
    // A value that begins with no site is refused later as a bad field; no site can be met by it.
    if (std::string site = SiteOf(value); !site.empty()) sites.push_back(std::move(site));
  }
  MESO_RETURN_IF_ERROR(CheckPrincipal(policy, sites, call.caller));
  if (call.on_behalf_of) return CheckPrincipal(policy, sites, *call.on_behalf_of);
  return absl::OkStatus();
}

}  // namespace meso
