#include "common/rpc/message_bytes.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>

#include "common/base/check.h"

namespace meso {

std::string DeterministicBytes(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  // Maps are otherwise written in an order that differs from run to run.
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

std::string Sha256(absl::string_view bytes) {
  unsigned char digest[32];
  unsigned int size = 0;
  MESO_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1,
             "SHA-256 is not available");
  return std::string(reinterpret_cast<const char*>(digest), size);
}

}  // namespace meso
