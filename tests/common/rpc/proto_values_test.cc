#include "common/rpc/proto_values.h"

#include <gtest/gtest.h>

namespace meso {
namespace {

using google::protobuf::Duration;
using google::protobuf::Timestamp;

TEST(ProtoValuesTest, TimesRoundTripInMicroseconds) {
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixMicros(1), absl::FromUnixMicros(-1),
        absl::FromUnixMicros(-1'000'001), absl::FromUnixMicros(1'800'000'000'123'456)}) {
    Timestamp proto;
    ToProto(time, &proto);
    EXPECT_GE(proto.nanos(), 0);
    FieldErrors errors;
    EXPECT_EQ(FromProto(proto, "t", errors), time);
    EXPECT_TRUE(errors.empty());
  }
}

TEST(ProtoValuesTest, FinerThanMicrosecondsIsCutAndOutOfRangeRefused) {
  const auto read = [](int64_t seconds, int32_t nanos) {
    Timestamp proto;
    proto.set_seconds(seconds);
    proto.set_nanos(nanos);
    FieldErrors errors;
    const absl::Time time = FromProto(proto, "start_time", errors);
    EXPECT_EQ(errors.empty(), time != absl::InfinitePast());
    return time;
  };
  EXPECT_EQ(read(5, 1999), absl::FromUnixSeconds(5) + absl::Microseconds(1));
  EXPECT_EQ(read(253402300799, 0), absl::FromUnixSeconds(253402300799));
  EXPECT_EQ(read(253402300800, 0), absl::InfinitePast());
  EXPECT_EQ(read(-62135596801, 0), absl::InfinitePast());
  EXPECT_EQ(read(0, -1), absl::InfinitePast());
  EXPECT_EQ(read(0, 1'000'000'000), absl::InfinitePast());
}

TEST(ProtoValuesTest, InfiniteTimesBecomeTheEndsOfTheRange) {
  Timestamp proto;
  ToProto(absl::InfiniteFuture(), &proto);
  EXPECT_EQ(proto.seconds(), 253402300799);
  ToProto(absl::InfinitePast(), &proto);
  EXPECT_EQ(proto.seconds(), -62135596800);
}

TEST(ProtoValuesTest, DurationsRoundTripAndAreChecked) {
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(-1500), absl::Hours(24), absl::Microseconds(1)}) {
    Duration proto;
    ToProto(duration, &proto);
    FieldErrors errors;
    EXPECT_EQ(FromProto(proto, "ttl", errors), duration);
    EXPECT_TRUE(errors.empty());
  }
  Duration mixed;
  mixed.set_seconds(1);
  mixed.set_nanos(-1);
  FieldErrors errors;
  FromProto(mixed, "ttl", errors);
  EXPECT_EQ(ReasonOf(errors.ToStatus()), "FIELD_INVALID");
}

}  // namespace
}  // namespace meso
