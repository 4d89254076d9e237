#include "proto/contract_rules.h"

#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/api/annotations.pb.h"
#include "meso/options/v1/options.pb.h"

namespace meso {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::MethodDescriptorProto;
using options::v1::Access;

// Repeated by (source, epoch, sequence) instead of a request_id.
constexpr char kAppendEntries[] = "BatchAppendEntries";

using Messages = std::map<std::string, const DescriptorProto*>;  // by ".package.Name"

void AddMessages(const std::string& scope, const DescriptorProto& message, Messages& out) {
  const std::string name = absl::StrCat(scope, ".", message.name());
  out[name] = &message;
  for (const DescriptorProto& nested : message.nested_type()) AddMessages(name, nested, out);
}

const FieldDescriptorProto* FindField(const DescriptorProto& message, absl::string_view name) {
  for (const FieldDescriptorProto& field : message.field()) {
    if (field.name() == name) return &field;
  }
  return nullptr;
}

// True when the dotted path ends at a string field.
bool IsStringPath(const Messages& messages, const DescriptorProto& request,
                  const std::string& path) {
  const DescriptorProto* message = &request;
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i < names.size(); ++i) {
    const FieldDescriptorProto* field = FindField(*message, names[i]);
    if (field == nullptr) return false;
    if (i + 1 == names.size()) return field->type() == FieldDescriptorProto::TYPE_STRING;
    const auto next = messages.find(field->type_name());
    if (next == messages.end()) return false;
    message = next->second;
  }
  return false;
}

bool Changes(const Access& access) {
  return access.audit_action() == options::v1::AUDIT_ACTION_CREATE ||
         access.audit_action() == options::v1::AUDIT_ACTION_UPDATE ||
         access.audit_action() == options::v1::AUDIT_ACTION_DELETE;
}

class MethodCheck {
 public:
  MethodCheck(const Messages& messages, std::string where, const MethodDescriptorProto& method,
              std::vector<std::string>& broken)
      : messages_(messages), where_(std::move(where)), method_(method), broken_(broken) {}

  void Run() {
    const bool stream = method_.client_streaming() || method_.server_streaming();
    if (!stream && !method_.options().HasExtension(google::api::http)) {
      Break("has no google.api.http option");
    }
    if (!method_.options().HasExtension(options::v1::access)) {
      return Break("has no (meso.options.v1.access) option");
    }
    const Access& access = method_.options().GetExtension(options::v1::access);
    const auto request = messages_.find(method_.input_type());
    if (request == messages_.end()) return Break("has an unknown request type");
    CheckRoles(access);
    CheckSite(access, *request->second);
    CheckRequestId(access, *request->second);
  }

 private:
  void Break(absl::string_view what) { broken_.push_back(absl::StrCat(where_, ": ", what)); }

  void CheckRoles(const Access& access) {
    std::set<int> seen;
    for (const int role : access.roles()) {
      if (role == options::v1::ROLE_UNSPECIFIED) Break("names ROLE_UNSPECIFIED");
      if (!seen.insert(role).second) Break("names a role twice");
    }
    if (seen.empty()) Break("names no role that may call it");
    if (access.audit_action() == options::v1::AUDIT_ACTION_UNSPECIFIED) {
      Break("has no audit_action");
    }
  }

  void CheckSite(const Access& access, const DescriptorProto& request) {
    if (access.site_scope() == options::v1::SITE_SCOPE_UNSPECIFIED) {
      return Break("has no site_scope");
    }
    if (access.site_scope() != options::v1::SITE_SCOPE_REQUEST) {
      if (!access.site_field().empty()) Break("has a site_field without SITE_SCOPE_REQUEST");
    } else if (!IsStringPath(messages_, request, access.site_field())) {
      Break(absl::StrCat("has a site_field that is no string of its request: '",
                         access.site_field(), "'"));
    }
  }

  void CheckRequestId(const Access& access, const DescriptorProto& request) {
    const FieldDescriptorProto* field = FindField(request, "request_id");
    if (field != nullptr && (field->type() != FieldDescriptorProto::TYPE_STRING ||
                             field->label() == FieldDescriptorProto::LABEL_REPEATED)) {
      Break("has a request_id that is no string");
    }
    if (Changes(access) && field == nullptr && method_.name() != kAppendEntries) {
      Break("changes something, but its request has no request_id");
    }
    if (access.audit_action() == options::v1::AUDIT_ACTION_READ && field != nullptr) {
      Break("reads, but its request has a request_id");
    }
  }

  const Messages& messages_;
  const std::string where_;
  const MethodDescriptorProto& method_;
  std::vector<std::string>& broken_;
};

}  // namespace

std::vector<std::string> BrokenRules(const google::protobuf::FileDescriptorSet& files) {
  Messages messages;
  for (const FileDescriptorProto& file : files.file()) {
    for (const DescriptorProto& message : file.message_type()) {
      AddMessages(absl::StrCat(".", file.package()), message, messages);
    }
  }
  std::vector<std::string> broken;
  for (const FileDescriptorProto& file : files.file()) {
    if (!absl::StartsWith(file.package(), "meso.")) continue;
    for (const auto& service : file.service()) {
      for (const MethodDescriptorProto& method : service.method()) {
        const std::string where =
            absl::StrCat(file.package(), ".", service.name(), ".", method.name());
        MethodCheck(messages, where, method, broken).Run();
      }
    }
  }
  return broken;
}

}  // namespace meso
