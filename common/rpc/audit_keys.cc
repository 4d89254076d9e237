#include "common/rpc/audit_keys.h"

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/resource_name.h"

namespace meso {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kKeysMax = 10'000;
constexpr size_t kNameSizeMax = 256;

void AddKey(absl::string_view text, AuditDraft& draft) {
  if (text.size() > kNameSizeMax || draft.keys.size() >= kKeysMax) return;
  if (absl::StartsWith(text, "sites/")) {
    const std::string site = SiteOf(text);
    if (IsCode(absl::StripPrefix(site, "sites/"))) draft.keys.emplace("site", site);
    if (IsNameOf("sites/{code}/appointments/{uuid}", text)) {
      draft.keys.emplace("appointment", std::string(text));
    }
  } else if (absl::StartsWith(text, "patients/")) {
    if (IsNameOf("patients/{code}", text)) draft.keys.emplace("patient", std::string(text));
  } else if (absl::StartsWith(text, "lots/")) {
    if (IsNameOf("lots/{uuid}", text)) draft.keys.emplace("lot", std::string(text));
  }
}

// The message's own `name`; empty when it has none.
std::string NameOf(const Message& message) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("name");
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return "";
  }
  return message.GetReflection()->GetString(message, field);
}

// The request's `name`, or that of the one resource inside it (UpdateProductRequest.product).
std::string RequestName(const Message& request) {
  std::string name = NameOf(request);
  if (!name.empty()) return name;
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    name = NameOf(request.GetReflection()->GetMessage(request, field));
    if (!name.empty()) return name;
  }
  return "";
}

}  // namespace

void CollectKeys(const Message& message, AuditDraft& draft) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  std::string scratch;
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (!field->is_repeated()) {
        AddKey(reflection.GetStringReference(message, field, &scratch), draft);
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        AddKey(reflection.GetRepeatedStringReference(message, field, i, &scratch), draft);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        CollectKeys(reflection.GetMessage(message, field), draft);
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        CollectKeys(reflection.GetRepeatedMessage(message, field, i), draft);
      }
    }
  }
}

std::string ObjectTypeOf(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() < 2 || parts.size() % 2 != 0) return "";
  absl::string_view collection = parts[parts.size() - 2];
  // A revision is a state of its parent, not a kind of object.
  if (collection == "revisions" && parts.size() >= 4) collection = parts[parts.size() - 4];
  std::string type(collection);
  if (absl::EndsWith(type, "ies")) {
    type.replace(type.size() - 3, 3, "y");
  } else {
    type = std::string(absl::StripSuffix(type, "s"));
  }
  if (!type.empty()) type[0] = absl::ascii_toupper(static_cast<unsigned char>(type[0]));
  return type;
}

void FillObject(const Message& request, const Message* response, AuditDraft& draft) {
  if (draft.object_name.empty()) {
    if (response != nullptr) draft.object_name = NameOf(*response);
    if (draft.object_name.empty()) draft.object_name = RequestName(request);
    if (draft.object_name.size() > kNameSizeMax) draft.object_name.resize(kNameSizeMax);
  }
  if (draft.object_type.empty()) draft.object_type = ObjectTypeOf(draft.object_name);
  if (!draft.site.empty()) return;
  draft.site = SiteOf(draft.object_name);
  if (!draft.site.empty()) return;
  // The one site that was touched; with several the entry is of none in particular.
  for (const auto& [kind, value] : draft.keys) {
    if (kind != "site") continue;
    if (!draft.site.empty()) {
      draft.site.clear();
      return;
    }
    draft.site = value;
  }
}

}  // namespace meso
