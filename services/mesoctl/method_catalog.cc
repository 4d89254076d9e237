#include "services/mesoctl/method_catalog.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr const char* kServices[] = {
    "meso.scheduling.v1.SchedulingAdminService",
    "meso.scheduling.v1.SchedulingService",
    "meso.screening.v1.ScreeningService",
    "meso.inventory.v1.InventoryService",
    "meso.audit.v1.AuditService",
    "meso.events.v1.EventService",
};
constexpr size_t kSuggestionsMax = 5;

// "scheduling" of "meso.scheduling.v1.…".
std::string PackageNoun(const ServiceDescriptor& service) {
  const std::vector<std::string> parts = absl::StrSplit(service.full_name(), '.');
  return parts.size() > 1 ? parts[1] : "";
}

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> all;
  for (const ServiceDescriptor* service : ApiServices()) {
    for (int i = 0; i < service->method_count(); ++i) all.push_back(service->method(i));
  }
  return all;
}

bool IsNamed(const MethodDescriptor& method, absl::string_view name) {
  const std::string short_name = absl::StrCat(method.service()->name(), ".",
                                              method.name());  // SchedulingService.BookAppointment
  const std::string noun_name = absl::StrCat(PackageNoun(*method.service()), ".", method.name());
  return name == method.full_name() || name == short_name || name == noun_name ||
         name == method.name();
}

// Method names that share a word with what was asked for.
std::string Suggestions(absl::string_view name) {
  const size_t dot = name.rfind('.');
  const std::string wanted =
      absl::AsciiStrToLower(dot == absl::string_view::npos ? name : name.substr(dot + 1));
  std::vector<std::string> near;
  for (const MethodDescriptor* method : AllMethods()) {
    const std::string candidate = absl::AsciiStrToLower(method->name());
    const bool shares = absl::StrContains(candidate, wanted) ||
                        absl::StrContains(wanted, candidate) ||
                        candidate.substr(0, 6) == wanted.substr(0, 6);
    if (shares && near.size() < kSuggestionsMax) {
      near.push_back(absl::StrCat(method->service()->name(), ".", method->name()));
    }
  }
  if (near.empty()) return "`mesoctl list` shows all methods";
  return absl::StrCat("near it: ", absl::StrJoin(near, ", "));
}

}  // namespace

std::vector<const ServiceDescriptor*> ApiServices() {
  std::vector<const ServiceDescriptor*> services;
  for (const char* name : kServices) {
    const ServiceDescriptor* service = DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service != nullptr) services.push_back(service);
  }
  return services;
}

absl::StatusOr<const MethodDescriptor*> FindMethod(absl::string_view name) {
  absl::ConsumePrefix(&name, "/");
  const std::string dotted = absl::StrReplaceAll(name, {{"/", "."}});
  std::vector<const MethodDescriptor*> found;
  for (const MethodDescriptor* method : AllMethods()) {
    if (IsNamed(*method, dotted)) found.push_back(method);
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no method ", name, "; ", Suggestions(dotted)));
  }
  std::vector<std::string> names;
  names.reserve(found.size());
  for (const MethodDescriptor* method : found) names.push_back(method->full_name());
  return absl::InvalidArgumentError(
      absl::StrCat(name, " is ambiguous; say one of ", absl::StrJoin(names, ", ")));
}

std::string MethodPath(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

std::string HomeOf(const MethodDescriptor& method) {
  const std::string noun = PackageNoun(*method.service());
  return noun == "events" ? "" : noun;
}

std::unique_ptr<google::protobuf::Message> NewMessage(const Descriptor& type) {
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

}  // namespace meso::mesoctl
