// The rules every RPC of Meso keeps, checked on descriptors at build time.
//
// An RPC states who may call it (meso.options.v1.access), a unary one how it looks over HTTP
// (google.api.http), and what changes something carries a request_id. Servers rely on it: a method
// without an access rule cannot be served. Pure.
#ifndef MESO_PROTO_CONTRACT_RULES_H_
#define MESO_PROTO_CONTRACT_RULES_H_

#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <vector>

namespace meso {

// One line per broken rule, "meso.x.v1.Service.Method: ..."; empty when all hold. Looks at the
// services of packages that begin with meso.; `files` must contain their imports.
std::vector<std::string> BrokenRules(const google::protobuf::FileDescriptorSet& files);

}  // namespace meso

#endif  // MESO_PROTO_CONTRACT_RULES_H_
