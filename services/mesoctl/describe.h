// `mesoctl describe NAME`: a method, message, service or enum of the contract, offline.
//
// From the descriptors and the comments compiled in: what it means, its fields with their types and
// rules, who may call, the HTTP route, the errors, an example.
#ifndef MESO_SERVICES_MESOCTL_DESCRIBE_H_
#define MESO_SERVICES_MESOCTL_DESCRIBE_H_

#include <google/protobuf/descriptor.h>

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "services/mesoctl/cli/output.h"

namespace meso::mesoctl {

// `name` as FindMethod takes it, or a message's, service's or enum's short or full name. With JSON
// only the example (of a method: its request). NOT_FOUND names the nearest.
absl::Status Describe(const std::string& name, const OutputOptions& options, std::ostream& out);

// "front_desk, doctor": the roles of a method as tokens spell them.
std::string RolesOf(const google::protobuf::MethodDescriptor& method);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DESCRIBE_H_
