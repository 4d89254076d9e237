#include "common/rpc/phi_fields.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/message_bytes.h"
#include "common/rpc/serve_call.h"
#include "meso/options/v1/options.pb.h"

namespace meso {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool HasPhiWithin(const Descriptor& type, std::set<const Descriptor*>& seen) {
  if (!seen.insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.options().GetExtension(options::v1::phi)) return true;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
        HasPhiWithin(*field.message_type(), seen)) {
      return true;
    }
  }
  return false;
}

}  // namespace

void ClearPhi(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(options::v1::phi)) {
      reflection.ClearField(&message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        ClearPhi(*reflection.MutableMessage(&message, field));
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ClearPhi(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

bool HasPhi(const Descriptor& type) {
  // Asked at every call; the answer never changes.
  static absl::Mutex mutex;
  static auto& known = *new absl::flat_hash_map<const Descriptor*, bool>;
  {
    absl::ReaderMutexLock lock(&mutex);
    if (const auto it = known.find(&type); it != known.end()) return it->second;
  }
  std::set<const Descriptor*> seen;
  const bool has = HasPhiWithin(type, seen);
  absl::MutexLock lock(&mutex);
  known[&type] = has;
  return has;
}

std::string ReplyBytes(const Message& response) {
  if (!HasPhi(*response.GetDescriptor())) return DeterministicBytes(response);
  const std::unique_ptr<Message> copy(response.New());
  copy->CopyFrom(response);
  ClearPhi(*copy);
  return DeterministicBytes(*copy);
}

}  // namespace meso
