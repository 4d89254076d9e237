#include "common/rpc/required_fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/field_mask.pb.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "meso/options/v1/options.pb.h"

namespace meso {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDepthMax = 20;

bool IsMissing(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) == 0;
  if (!field.has_presence() && field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return false;
  return !reflection.HasField(message, &field);
}

bool HasUpdateMask(const Message& message) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("update_mask");
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
      !message.GetReflection()->HasField(message, field)) {
    return false;
  }
  return message.GetReflection()->GetMessage(message, field).ByteSizeLong() > 0;
}

void Check(const Message& message, const std::string& prefix, int depth, FieldErrors& errors) {
  const bool masked = depth == 0 && HasUpdateMask(message);
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.options().GetExtension(options::v1::output_only)) continue;
    // Its rule is CallServer's: a trial needs none.
    if (depth == 0 && field.name() == "request_id") continue;
    const std::string path = absl::StrCat(prefix, field.name());
    if (IsMissing(message, field)) {
      if (field.options().GetExtension(options::v1::required)) errors.Required(path);
      continue;
    }
    if (masked || depth >= kDepthMax || field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
        field.is_map()) {
      continue;
    }
    if (!field.is_repeated()) {
      Check(reflection.GetMessage(message, &field), absl::StrCat(path, "."), depth + 1, errors);
      continue;
    }
    for (int n = 0; n < reflection.FieldSize(message, &field); ++n) {
      Check(reflection.GetRepeatedMessage(message, &field, n), absl::StrCat(path, "[", n, "]."),
            depth + 1, errors);
    }
  }
}

}  // namespace

void CheckRequired(const Message& message, FieldErrors& errors) { Check(message, "", 0, errors); }

absl::Status MergeFieldErrors(const FieldErrors& first, const absl::Status& second) {
  if (first.empty()) return second;
  FieldErrors all = first;
  if (second.code() == absl::StatusCode::kInvalidArgument) {
    std::set<std::string> named;
    for (const Violation& violation : DetailsOf(first.ToStatus()).violations) {
      named.insert(violation.subject);
    }
    for (const Violation& violation : DetailsOf(second).violations) {
      if (named.count(violation.subject) > 0) continue;
      all.Add(violation.reason, violation.subject, violation.description);
    }
  }
  return all.ToStatus();
}

}  // namespace meso
