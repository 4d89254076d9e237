#include "services/audit/domain/checkpoint_retention.h"

#include <gtest/gtest.h>

#include "services/audit/domain/tile.h"

namespace meso::audit {
namespace {

constexpr int64_t kHour = 1'795'165'200;  // begins an hour

KeptCheckpoint At(uint64_t size, int64_t seconds, std::vector<std::string> witnesses = {}) {
  return {size, absl::FromUnixSeconds(kHour + seconds), std::move(witnesses)};
}
std::vector<uint64_t> Superseded(const std::vector<KeptCheckpoint>& kept, int64_t seconds) {
  return SupersededCheckpoints(kept, absl::FromUnixSeconds(kHour + seconds));
}
using Sizes = std::vector<uint64_t>;

TEST(CheckpointRetentionTest, KeepsTheNewestAndTheLastOfEveryHour) {
  EXPECT_EQ(Superseded({At(1, 0)}, 0), Sizes());
  EXPECT_EQ(Superseded({At(1, 0), At(2, 100), At(3, 3599), At(4, 3600), At(5, 3700)}, 3700),
            (Sizes{1, 2, 4}));
}

TEST(CheckpointRetentionTest, KeepsTheNewestOfEveryWitnessAndHour) {
  const std::vector<KeptCheckpoint> kept = {At(1, 0, {"north"}),    At(2, 100, {"north", "south"}),
                                            At(3, 200, {"north"}),  At(4, 300),
                                            At(5, 3600, {"south"}), At(6, 3700)};
  // 1: north has cosigned 3 since. 2: south's newest of its hour. 4: the hour's last.
  EXPECT_EQ(Superseded(kept, 3700), (Sizes{1}));
}

TEST(CheckpointRetentionTest, KeepsForADayWhatMostWitnessesHaveCosigned) {
  // Each has cosigned a later one of the hour, but not the same.
  const std::vector<KeptCheckpoint> kept = {At(1, 0, {"north", "south"}), At(2, 100, {"north"}),
                                            At(3, 200, {"south"}), At(4, 300), At(5, 3700)};
  EXPECT_EQ(Superseded(kept, 3700), Sizes());
  EXPECT_EQ(Superseded(kept, 24 * 3600), (Sizes{1})) << "a day";
}

TEST(CheckpointRetentionTest, KeepsWhatItToldForAMinuteSoThatAWitnessCanCosignIt) {
  const std::vector<KeptCheckpoint> kept = {At(1, 0), At(2, 11), At(3, 12), At(4, 21), At(5, 22)};
  EXPECT_EQ(Superseded(kept, 22), (Sizes{3}));
  EXPECT_EQ(Superseded(kept, 70), (Sizes{1, 3}));
  EXPECT_EQ(Superseded(kept, 71), (Sizes{1, 2, 3}));
}

TEST(CheckpointRetentionTest, KeepsWhatItHasShownForFiveSeconds) {
  const std::vector<KeptCheckpoint> kept = {At(1, 100), At(2, 101), At(3, 102), At(4, 103)};
  EXPECT_EQ(Superseded(kept, 103), (Sizes()));
  EXPECT_EQ(Superseded(kept, 105), (Sizes()));
  EXPECT_EQ(Superseded(kept, 106), (Sizes{2})) << "1 was told";
  EXPECT_EQ(Superseded(kept, 107), (Sizes{2, 3}));
}

TEST(CheckpointRetentionTest, BundlesCanEndAtTheNewestOfEveryNumberOfWitnesses) {
  const auto provable = [](const std::vector<KeptCheckpoint>& kept, int64_t seconds) {
    return ProvableCheckpoints(kept, absl::FromUnixSeconds(kHour + seconds));
  };
  const std::vector<KeptCheckpoint> kept = {At(1, 0, {"north", "south"}),
                                            At(2, 10, {"north", "south"}),
                                            At(3, 20, {"north"}),
                                            At(4, 30, {"south"}),
                                            At(5, 40),
                                            At(6, 100)};
  EXPECT_EQ(provable(kept, 100), (Sizes{2, 4, 6})) << "5 can be cosigned no more";
  EXPECT_EQ(provable(kept, 99), (Sizes{2, 4, 5, 6}));
  EXPECT_EQ(provable(kept, 10 + 24 * 3600 - 1), (Sizes{2, 4, 6}));
  EXPECT_EQ(provable(kept, 10 + 24 * 3600), (Sizes{4, 6})) << "a day";
  EXPECT_EQ(provable(kept, 200 + 24 * 3600), (Sizes{6})) << "the newest at any age";
}

TEST(CheckpointRetentionTest, TellsTheFirstOfEveryTenSeconds) {
  const auto at = [](int64_t seconds) { return absl::FromUnixSeconds(kHour + seconds); };
  EXPECT_TRUE(IsAnnounced(std::nullopt, at(0)));
  EXPECT_FALSE(IsAnnounced(at(0), at(9)));
  EXPECT_TRUE(IsAnnounced(at(9), at(10)));
  EXPECT_TRUE(IsAnnounced(at(10), at(5))) << "a clock that was set back";
}

TEST(TileTest, KnowsHowManyLeavesATileCovers) {
  EXPECT_EQ(LeavesUnder({0, 0, 1}), 1u);
  EXPECT_EQ(LeavesUnder({0, 3, 256}), 1024u);
  EXPECT_EQ(LeavesUnder({1, 0, 256}), 65536u);
  EXPECT_EQ(LeavesUnder({2, 1, 1}), uint64_t{257} << 16);
  EXPECT_EQ(LeavesUnder({7, 0, 127}), uint64_t{127} << 56);
  EXPECT_EQ(LeavesUnder({7, 0, 256}), UINT64_MAX) << "beyond 64 bits";
  EXPECT_EQ(LeavesUnder({7, (uint64_t{1} << 48) - 1, 256}), UINT64_MAX);
}

TEST(TileTest, HoldsTheNodesOfItsLevel) {
  Hasher hasher;
  std::vector<std::vector<Hash>> rows;
  Tree tree(hasher);
  for (int i = 0; i < 600; ++i) rows.push_back(tree.Append(hasher.Plain(std::to_string(i))));
  const NodeReader read = [&rows](int level, uint64_t index) -> absl::StatusOr<Hash> {
    return rows.at(RowOfNode(level, index)).at(static_cast<size_t>(level));
  };
  const absl::StatusOr<std::string> leaves = ReadTile({0, 2, 88}, read);
  ASSERT_TRUE(leaves.ok());
  ASSERT_EQ(leaves->size(), 88u * 32);
  EXPECT_EQ(leaves->substr(0, 32), HashView(hasher.Plain("512")));
  EXPECT_EQ(leaves->substr(87 * 32), HashView(hasher.Plain("599")));
  // Level 1 holds the roots of full tiles of level 0.
  const absl::StatusOr<std::string> roots = ReadTile({1, 0, 2}, read);
  ASSERT_TRUE(roots.ok());
  Tree second(hasher);
  for (int i = 256; i < 512; ++i) second.Append(hasher.Plain(std::to_string(i)));
  EXPECT_EQ(roots->substr(32), HashView(second.Root()));
}

}  // namespace
}  // namespace meso::audit
