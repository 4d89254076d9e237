#include "common/base/failpoint.h"

#include "gtest/gtest.h"

namespace meso {
namespace {

#ifdef MESO_FAILPOINTS
TEST(FailpointTest, RunsWhatATestRegisteredAtEveryPassUntilItIsCleared) {
  int passes = 0;
  SetFailpoint("test.here", [&passes] { ++passes; });
  MESO_FAILPOINT("test.here");
  MESO_FAILPOINT("test.elsewhere");
  MESO_FAILPOINT("test.here");
  SetFailpoint("test.here", nullptr);
  MESO_FAILPOINT("test.here");
  EXPECT_EQ(passes, 2);
}
#else
TEST(FailpointTest, IsNothingInARelease) {
  SetFailpoint("test.here", [] { FAIL(); });
  MESO_FAILPOINT("test.here");
}
#endif

}  // namespace
}  // namespace meso
