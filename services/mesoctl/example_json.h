// A message filled with plausible values, from its descriptor: an example for `describe`.
#ifndef MESO_SERVICES_MESOCTL_EXAMPLE_JSON_H_
#define MESO_SERVICES_MESOCTL_EXAMPLE_JSON_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>

namespace meso::mesoctl {

// Every field a caller may set, one element per list, the first of a choice; what the server sets,
// page tokens, etags and modes are left out. Nested at most four deep.
std::unique_ptr<google::protobuf::Message> ExampleMessage(const google::protobuf::Descriptor& type);

// The same as JSON over several lines.
std::string ExampleJson(const google::protobuf::Descriptor& type);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_EXAMPLE_JSON_H_
