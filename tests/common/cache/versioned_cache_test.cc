#include "common/cache/versioned_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "tests/support/redis_server.h"

namespace meso {
namespace {

constexpr char kKey[] = "cocktails/C-01/revisions/r2";

class VersionedCacheTest : public ::testing::Test {
 protected:
  VersionedCacheTest() { redis_.Start(); }

  CacheOptions Options() {
    CacheOptions options;
    options.redis = redis_.address();
    options.space = "screening";
    options.clock = &clock_;
    return options;
  }

  // A loader that counts its calls.
  VersionedCache::Load Loads(int64_t version, const std::string& bytes) {
    return [this, version, bytes]() -> absl::StatusOr<CachedValue> {
      ++loads_;
      return CachedValue{version, bytes};
    };
  }

  std::string Get(VersionedCache& cache, const VersionedCache::Load& load) {
    const auto value = cache.Get(kKey, CacheLifetime::Mutable(), load);
    return value.ok() ? value->bytes : std::string(value.status().message());
  }

  RedisServer redis_;
  ManualClock clock_{absl::FromUnixSeconds(1'795'000'000)};
  std::atomic<int> loads_{0};
};

TEST_F(VersionedCacheTest, LoadsOnceAndThenAnswersFromTheProcess) {
  VersionedCache cache(Options());
  EXPECT_EQ(Get(cache, Loads(1, "a")), "a");
  redis_.Kill();
  EXPECT_EQ(Get(cache, Loads(2, "b")), "a");
  EXPECT_EQ(loads_, 1);
}

TEST_F(VersionedCacheTest, AnotherProcessFindsTheValueInRedis) {
  VersionedCache first(Options());
  VersionedCache second(Options());
  const std::string bytes("\0binary\r\n\xff", 10);
  EXPECT_EQ(Get(first, Loads(1, bytes)), bytes);
  EXPECT_EQ(Get(second, Loads(2, "unused")), bytes);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(redis_.Run({"EXISTS", absl::StrCat("meso:cache:screening:", kKey)}).integer, 1);
}

TEST_F(VersionedCacheTest, EveryValueInRedisExpires) {
  VersionedCache cache(Options());
  ASSERT_TRUE(cache.Get(kKey, CacheLifetime::Immutable(), Loads(1, "a")).ok());
  const int64_t left_ms = redis_.Run({"PTTL", absl::StrCat("meso:cache:screening:", kKey)}).integer;
  EXPECT_GT(left_ms, absl::ToInt64Milliseconds(absl::Hours(21)));
  EXPECT_LE(left_ms, absl::ToInt64Milliseconds(absl::Hours(24)));
}

TEST_F(VersionedCacheTest, AsksRedisAgainWhenTheFrontHasExpired) {
  VersionedCache first(Options());
  VersionedCache second(Options());
  EXPECT_EQ(Get(first, Loads(1, "old")), "old");
  EXPECT_EQ(Get(second, Loads(1, "old")), "old");
  second.Invalidate(kKey, 1);
  EXPECT_EQ(Get(second, Loads(2, "new")), "new");
  EXPECT_EQ(Get(first, Loads(9, "unused")), "old") << "until its front copy expires";
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(Get(first, Loads(9, "unused")), "new");
}

TEST_F(VersionedCacheTest, RedisAwayIsAMissAndNeverAnError) {
  redis_.Kill();
  VersionedCache cache(Options());
  EXPECT_EQ(Get(cache, Loads(1, "a")), "a");
  cache.Invalidate(kKey, 1);
  EXPECT_EQ(Get(cache, Loads(2, "b")), "b");
  redis_.Start();
  EXPECT_EQ(Get(cache, Loads(3, "c")), "b");
}

TEST_F(VersionedCacheTest, WorksWithoutRedis) {
  CacheOptions options = Options();
  options.redis = "none";
  VersionedCache cache(options);
  EXPECT_EQ(Get(cache, Loads(1, "a")), "a");
  EXPECT_EQ(Get(cache, Loads(2, "b")), "a");
}

TEST_F(VersionedCacheTest, AFrozenRedisCostsOneTimeoutAndNotEveryRead) {
  VersionedCache cache(Options());
  redis_.Freeze();
  for (int i = 0; i < 50; ++i) {
    const auto value =
        cache.Get(absl::StrCat("products/P-", i), CacheLifetime::Mutable(), Loads(1, "a"));
    ASSERT_TRUE(value.ok());
  }
  redis_.Thaw();
  EXPECT_EQ(loads_, 50);
}

TEST_F(VersionedCacheTest, AnOlderVersionNeverReplacesANewerOneInRedis) {
  VersionedCache cache(Options());
  const std::string key = absl::StrCat("meso:cache:screening:", kKey);
  EXPECT_EQ(Get(cache, Loads(5, "five")), "five");
  VersionedCache late(Options());
  late.Invalidate(kKey, 3);  // an old word: five stays
  EXPECT_EQ(redis_.Run({"GET", key}).text, "5vfive");
  late.Invalidate(kKey, 5);
  EXPECT_EQ(redis_.Run({"GET", key}).text, "5t");
  EXPECT_EQ(Get(late, Loads(5, "five")), "five");
  EXPECT_EQ(redis_.Run({"GET", key}).text, "5t") << "a dropped version came back";
  EXPECT_EQ(Get(late, Loads(6, "six")), "six");
  EXPECT_EQ(redis_.Run({"GET", key}).text, "6vsix");
}

TEST_F(VersionedCacheTest, ALoadThatBeganBeforeTheInvalidationIsNotKept) {
  VersionedCache cache(Options());
  absl::Notification loading;
  absl::Notification invalidated;
  std::thread slow([&] {
    const auto value = cache.Get(kKey, CacheLifetime::Mutable(), [&] {
      loading.Notify();
      invalidated.WaitForNotification();
      return absl::StatusOr<CachedValue>(CachedValue{1, "old"});
    });
    EXPECT_EQ(value->bytes, "old") << "its own caller asked before the change";
  });
  loading.WaitForNotification();
  cache.Invalidate(kKey, 1);
  // Asked after the change: not answered by the load in flight, which is still running.
  EXPECT_EQ(Get(cache, Loads(2, "new")), "new");
  invalidated.Notify();
  slow.join();
  EXPECT_EQ(Get(cache, Loads(3, "unused")), "new");
  VersionedCache other(Options());
  EXPECT_EQ(Get(other, Loads(3, "unused")), "new");
}

TEST_F(VersionedCacheTest, ManyCallersOfOneKeyLoadOnce) {
  VersionedCache cache(Options());
  absl::Notification go;
  std::vector<std::thread> callers;
  std::atomic<int> right{0};
  for (int i = 0; i < 32; ++i) {
    callers.emplace_back([&] {
      const auto value = cache.Get(kKey, CacheLifetime::Immutable(), [&] {
        ++loads_;
        go.WaitForNotification();
        return absl::StatusOr<CachedValue>(CachedValue{1, "a"});
      });
      if (value.ok() && value->bytes == "a") ++right;
    });
  }
  ASSERT_TRUE(WaitUntil([&] { return loads_ == 1; }));
  go.Notify();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, 32);
  EXPECT_EQ(loads_, 1);
}

TEST_F(VersionedCacheTest, AFailedLoadIsAnsweredAndNotKept) {
  VersionedCache cache(Options());
  const auto failed = cache.Get(kKey, CacheLifetime::Mutable(), [] {
    return absl::StatusOr<CachedValue>(DependencyDown("inventory", "test"));
  });
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(failed.status()), "DEPENDENCY_DOWN");
  EXPECT_EQ(Get(cache, Loads(1, "a")), "a");
}

TEST_F(VersionedCacheTest, TheFrontIsBoundedAndForgetsWhatWasUsedLeast) {
  CacheOptions options = Options();
  options.redis = "none";
  options.front_entries_max = 2;
  VersionedCache cache(options);
  const auto get = [&](const std::string& key) {
    return cache.Get(key, CacheLifetime::Immutable(), Loads(1, key)).value().bytes;
  };
  get("a");
  get("b");
  get("a");
  get("c");  // b goes
  EXPECT_EQ(loads_, 3);
  get("a");
  get("c");
  EXPECT_EQ(loads_, 3);
  get("b");
  EXPECT_EQ(loads_, 4);
}

TEST_F(VersionedCacheTest, AValueThatIsNotOursInRedisIsAMiss) {
  const std::string key = absl::StrCat("meso:cache:screening:", kKey);
  for (const char* foreign : {"", "v", "12", "x1vabc", "99999999999999999999vabc"}) {
    redis_.Run({"SET", key, foreign});
    VersionedCache cache(Options());
    EXPECT_EQ(Get(cache, Loads(1, "mine")), "mine") << foreign;
  }
  redis_.Run({"DEL", key});
  redis_.Run({"LPUSH", key, "a"});
  VersionedCache cache(Options());
  EXPECT_EQ(Get(cache, Loads(1, "mine")), "mine");
}

}  // namespace
}  // namespace meso
