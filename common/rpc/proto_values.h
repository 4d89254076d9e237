// Plain values out of and into the well-known protobuf types. Pure.
#ifndef MESO_COMMON_RPC_PROTO_VALUES_H_
#define MESO_COMMON_RPC_PROTO_VALUES_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error.h"

namespace meso {

// Microsecond precision; an out-of-range timestamp adds FIELD_INVALID for `field` and gives
// InfinitePast.
absl::Time FromProto(const google::protobuf::Timestamp& proto, absl::string_view field,
                     FieldErrors& errors);
void ToProto(absl::Time time, google::protobuf::Timestamp* proto);

absl::Duration FromProto(const google::protobuf::Duration& proto, absl::string_view field,
                         FieldErrors& errors);
void ToProto(absl::Duration duration, google::protobuf::Duration* proto);

}  // namespace meso

#endif  // MESO_COMMON_RPC_PROTO_VALUES_H_
