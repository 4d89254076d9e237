#include "common/base/clock.h"

#include "gtest/gtest.h"

namespace meso {
namespace {

TEST(ManualClockTest, MovesOnlyWhenToldTo) {
  ManualClock clock(absl::FromUnixSeconds(100));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(100));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(105));
  clock.Set(absl::FromUnixSeconds(7));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(7));
}

TEST(SystemClockTest, IsShiftedByItsOffset) {
  const SystemClock here, later(absl::Hours(1));
  const absl::Duration between = later.Now() - here.Now();
  EXPECT_GE(between, absl::Hours(1));
  EXPECT_LT(between, absl::Hours(2));
}

}  // namespace
}  // namespace meso
