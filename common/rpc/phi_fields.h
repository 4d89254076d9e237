// Patient data in messages, as the protos' `phi` option marks it.
//
// Stored replies are kept without it (ClearPhi, ReplyBytes of serve_call.h). Pure functions.
#ifndef MESO_COMMON_RPC_PHI_FIELDS_H_
#define MESO_COMMON_RPC_PHI_FIELDS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace meso {

// Clears every field marked phi, at any depth.
void ClearPhi(google::protobuf::Message& message);

// True when the type, or a type inside it, has a field marked phi.
bool HasPhi(const google::protobuf::Descriptor& type);

}  // namespace meso

#endif  // MESO_COMMON_RPC_PHI_FIELDS_H_
