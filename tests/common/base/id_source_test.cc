#include "common/base/id_source.h"

#include <set>
#include <thread>
#include <vector>

#include "common/base/resource_name.h"
#include "gtest/gtest.h"

namespace meso {
namespace {

TEST(Uuid7SourceTest, GivesIdsThatSortInTheOrderTheyWereMade) {
  ManualClock clock(absl::FromUnixMillis(1'800'000'000'000));
  Uuid7Source ids(clock);
  std::string last;
  // Ten thousand in one millisecond overflow the counter.
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = ids.NewId();
    ASSERT_TRUE(IsUuid(id)) << id;
    ASSERT_EQ(id[14], '7');
    ASSERT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
    ASSERT_LT(last, id);
    last = id;
  }
  clock.Advance(-absl::Hours(1));  // a clock set back does not turn the order round
  EXPECT_LT(last, ids.NewId());
}

TEST(Uuid7SourceTest, BeginsWithTheMillisecond) {
  ManualClock clock(absl::FromUnixMillis(0x0198f2c4abcd));
  Uuid7Source ids(clock);
  EXPECT_EQ(ids.NewId().substr(0, 13), "0198f2c4-abcd");
}

TEST(Uuid7SourceTest, GivesNoIdTwiceToManyThreads) {
  SystemClock clock;
  Uuid7Source ids(clock);
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&ids, &mine] {
      for (int i = 0; i < 2'000; ++i) mine.push_back(ids.NewId());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 8'000u);
}

TEST(SequentialIdSourceTest, CountsFromOne) {
  SequentialIdSource ids;
  EXPECT_EQ(ids.NewId(), "00000000-0000-7000-8000-000000000001");
  EXPECT_EQ(ids.NewId(), "00000000-0000-7000-8000-000000000002");
}

TEST(Uuid5Test, MatchesTheVectorOfRfc9562) {
  // RFC 9562, appendix A.4: name space DNS, name www.example.com.
  EXPECT_EQ(Uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid5Test, DependsOnSpaceAndName) {
  const std::string space = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  EXPECT_EQ(Uuid5(space, "reserve"), Uuid5(space, "reserve"));
  EXPECT_NE(Uuid5(space, "reserve"), Uuid5(space, "release"));
  EXPECT_NE(Uuid5(space, "reserve"), Uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c9", "reserve"));
}

}  // namespace
}  // namespace meso
