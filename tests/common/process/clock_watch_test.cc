#include "common/process/clock_watch.h"

#include <gtest/gtest.h>

namespace meso {
namespace {

TEST(ClockWatchTest, OnlyABackwardJumpOfMoreThanFiveSecondsCounts) {
  const absl::Time start = absl::FromUnixSeconds(1'800'000'000);
  ClockWatch watch;
  EXPECT_TRUE(watch.Check(start, absl::Seconds(0)).ok());
  EXPECT_TRUE(watch.Check(start + absl::Seconds(100), absl::Seconds(100)).ok());
  EXPECT_TRUE(watch.Check(start + absl::Seconds(95), absl::Seconds(100)).ok());
  EXPECT_EQ(watch.Check(start + absl::Seconds(94), absl::Seconds(100)).code(),
            absl::StatusCode::kFailedPrecondition);
  // It has caught up again.
  EXPECT_TRUE(watch.Check(start + absl::Seconds(200), absl::Seconds(200)).ok());
  // A jump forward is a correction; from there it must not go back.
  EXPECT_TRUE(watch.Check(start + absl::Hours(5), absl::Seconds(201)).ok());
  EXPECT_FALSE(watch.Check(start + absl::Seconds(202), absl::Seconds(202)).ok());
}

}  // namespace
}  // namespace meso
