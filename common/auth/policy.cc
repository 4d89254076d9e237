// FindPolicy: the access options of the protos as a table, built method by method at first use.
#include <google/protobuf/descriptor.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/authenticator.h"
#include "meso/options/v1/options.pb.h"

namespace meso {
namespace {

using options::v1::Access;

std::string RoleName(options::v1::Role role) {
  const std::string& name = options::v1::Role_Name(role);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "ROLE_"));
}

MethodPolicy::SiteScope ScopeOf(options::v1::SiteScope scope) {
  switch (scope) {
    case options::v1::SITE_SCOPE_REQUEST:
      return MethodPolicy::SiteScope::kRequest;
    case options::v1::SITE_SCOPE_RESOURCE:
      return MethodPolicy::SiteScope::kResource;
    case options::v1::SITE_SCOPE_NONE:
      return MethodPolicy::SiteScope::kNone;
    default:
      // Unknown or unspecified: the narrowest. The contract check refuses it at build time.
      return MethodPolicy::SiteScope::kChain;
  }
}

std::string ActionOf(options::v1::AuditAction action) {
  switch (action) {
    case options::v1::AUDIT_ACTION_CREATE:
      return "C";
    case options::v1::AUDIT_ACTION_READ:
      return "R";
    case options::v1::AUDIT_ACTION_UPDATE:
      return "U";
    case options::v1::AUDIT_ACTION_DELETE:
      return "D";
    case options::v1::AUDIT_ACTION_NONE:
      return "";
    default:
      return "E";
  }
}

std::unique_ptr<const MethodPolicy> ReadPolicy(absl::string_view method) {
  const google::protobuf::MethodDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          absl::StrReplaceAll(method, {{"/", "."}}));
  if (descriptor == nullptr || !descriptor->options().HasExtension(options::v1::access)) {
    return nullptr;
  }
  const Access& access = descriptor->options().GetExtension(options::v1::access);
  auto policy = std::make_unique<MethodPolicy>();
  for (const int role : access.roles()) {
    policy->roles.push_back(RoleName(static_cast<options::v1::Role>(role)));
  }
  policy->site_scope = ScopeOf(access.site_scope());
  policy->site_field = access.site_field();
  policy->patient_data = access.patient_data();
  policy->action = ActionOf(access.audit_action());
  return policy;
}

}  // namespace

const MethodPolicy* FindPolicy(absl::string_view method) {
  method = absl::StripPrefix(method, "/");
  static absl::Mutex mutex;
  static auto& policies =
      *new absl::flat_hash_map<std::string, std::unique_ptr<const MethodPolicy>>;
  {
    absl::ReaderMutexLock lock(&mutex);
    const auto it = policies.find(method);
    if (it != policies.end()) return it->second.get();
  }
  auto policy = ReadPolicy(method);
  // Only known methods are kept: the name may come from anywhere and must not fill the memory.
  if (policy == nullptr) return nullptr;
  absl::MutexLock lock(&mutex);
  return policies.emplace(std::string(method), std::move(policy)).first->second.get();
}

}  // namespace meso
