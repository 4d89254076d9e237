#include "common/rpc/proto_values.h"

namespace meso {
namespace {

// The ranges of the well-known types: years 1 to 9999, and +-10,000 years.
constexpr int64_t kSecondsMin = -62135596800;
constexpr int64_t kSecondsMax = 253402300799;
constexpr int64_t kDurationSecondsMax = 315576000000;

}  // namespace

absl::Time FromProto(const google::protobuf::Timestamp& proto, absl::string_view field,
                     FieldErrors& errors) {
  if (proto.seconds() < kSecondsMin || proto.seconds() > kSecondsMax || proto.nanos() < 0 ||
      proto.nanos() > 999'999'999) {
    errors.Invalid(field, "is not a time between the years 1 and 9999");
    return absl::InfinitePast();
  }
  // What is stored has microseconds; anything finer would come back changed.
  return absl::FromUnixSeconds(proto.seconds()) + absl::Microseconds(proto.nanos() / 1000);
}

void ToProto(absl::Time time, google::protobuf::Timestamp* proto) {
  const int64_t us = absl::ToUnixMicros(time);
  int64_t seconds = us / 1'000'000;
  int64_t rest = us % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  if (seconds > kSecondsMax) {
    seconds = kSecondsMax;
    rest = 999'999;
  } else if (seconds < kSecondsMin) {
    seconds = kSecondsMin;
    rest = 0;
  }
  proto->set_seconds(seconds);
  proto->set_nanos(static_cast<int32_t>(rest * 1000));
}

absl::Duration FromProto(const google::protobuf::Duration& proto, absl::string_view field,
                         FieldErrors& errors) {
  const bool mixed_signs =
      (proto.seconds() > 0 && proto.nanos() < 0) || (proto.seconds() < 0 && proto.nanos() > 0);
  if (mixed_signs || proto.seconds() > kDurationSecondsMax ||
      proto.seconds() < -kDurationSecondsMax || proto.nanos() > 999'999'999 ||
      proto.nanos() < -999'999'999) {
    errors.Invalid(field, "is not a duration");
    return absl::ZeroDuration();
  }
  return absl::Seconds(proto.seconds()) + absl::Microseconds(proto.nanos() / 1000);
}

void ToProto(absl::Duration duration, google::protobuf::Duration* proto) {
  int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &duration);
  int64_t nanos = absl::ToInt64Nanoseconds(duration);
  if (seconds > kDurationSecondsMax || seconds < -kDurationSecondsMax) {
    seconds = seconds > 0 ? kDurationSecondsMax : -kDurationSecondsMax;
    nanos = 0;
  }
  proto->set_seconds(seconds);
  proto->set_nanos(static_cast<int32_t>(nanos));
}

}  // namespace meso
