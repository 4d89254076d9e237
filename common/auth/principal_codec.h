// How a service hands on the user it acts for: a Principal as bytes in the call's metadata. The
// receiver believes it only from a caller with the role service. Pure functions.
#ifndef MESO_COMMON_AUTH_PRINCIPAL_CODEC_H_
#define MESO_COMMON_AUTH_PRINCIPAL_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/call_context.h"

namespace meso {

inline constexpr char kOnBehalfOfKey[] = "meso-on-behalf-of-bin";
// The longest encoding a service takes; a token whose principal is longer is refused at the door.
inline constexpr size_t kPrincipalBytesMax = 4 << 10;

std::string EncodePrincipal(const Principal& principal);

// Errors: INVALID_ARGUMENT / FIELD_INVALID for bytes of another form, or over 4 KB.
absl::StatusOr<Principal> DecodePrincipal(absl::string_view bytes);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_PRINCIPAL_CODEC_H_
