#include "common/rpc/stage_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"

namespace meso {
namespace {

using ::testing::ElementsAre;

TEST(StagePoolTest, RunsEverythingItTook) {
  std::atomic<int> run = 0;
  {
    StagePool pool(4, 100'000);
    std::vector<std::thread> posters;
    for (int i = 0; i < 4; ++i) {
      posters.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) {
          pool.Post([&] { ++run; });
          ASSERT_TRUE(pool.TryPost([&] { ++run; }));
        }
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  EXPECT_EQ(run, 8000);
}

TEST(StagePoolTest, ContinuationsGoBeforeNewCallsAndOnlyCallsAreLimited) {
  StagePool pool(1, 2);
  absl::Notification inside;
  absl::Notification open;
  ASSERT_TRUE(pool.TryPost([&] {
    inside.Notify();
    open.WaitForNotification();
  }));
  inside.WaitForNotification();
  std::vector<int> order;
  EXPECT_TRUE(pool.TryPost([&] { order.push_back(1); }));
  EXPECT_TRUE(pool.TryPost([&] { order.push_back(2); }));
  EXPECT_FALSE(pool.TryPost([&] { order.push_back(3); }));
  EXPECT_EQ(pool.Queued(), 2u);
  for (int i = 4; i < 8; ++i) pool.Post([&, i] { order.push_back(i); });
  open.Notify();
  pool.Stop();
  EXPECT_THAT(order, ElementsAre(4, 5, 6, 7, 1, 2));
}

TEST(StagePoolTest, AsManyThreadsAsNeededAtOnce) {
  StagePool pool(8, 100);
  absl::BlockingCounter all(8);
  absl::BlockingCounter done(8);
  for (int i = 0; i < 8; ++i) {
    pool.Post([&] {
      // Nobody passes until all eight run side by side.
      all.DecrementCount();
      done.DecrementCount();
    });
  }
  all.Wait();
  done.Wait();
}

TEST(StagePoolTest, AfterStopCallsAreRefusedAndContinuationsRunInPlace) {
  StagePool pool(2, 10);
  pool.Stop();
  pool.Stop();
  EXPECT_FALSE(pool.TryPost([] {}));
  bool run = false;
  pool.Post([&] { run = true; });
  EXPECT_TRUE(run);
}

}  // namespace
}  // namespace meso
