// A message as bytes that are the same for the same content within one build: for digests and
// stored replies. Not a canonical form across languages or versions. Pure.
#ifndef MESO_COMMON_RPC_MESSAGE_BYTES_H_
#define MESO_COMMON_RPC_MESSAGE_BYTES_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/string_view.h"

namespace meso {

std::string DeterministicBytes(const google::protobuf::Message& message);

// The 32 bytes of SHA-256.
std::string Sha256(absl::string_view bytes);

}  // namespace meso

#endif  // MESO_COMMON_RPC_MESSAGE_BYTES_H_
