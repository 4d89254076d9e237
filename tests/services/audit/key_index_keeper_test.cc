#include "services/audit/key_index_keeper.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "tests/services/audit/key_index_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::audit {
namespace {

using Sizes = std::vector<uint64_t>;

class KeyIndexKeeperTest : public KeyIndexFixture {
 protected:
  // What the entries themselves make of the runs that were signed.
  void ExpectSignedRunsAreTheEntries() {
    Hasher hasher;
    for (const IndexRun& run : Signed()) {
      const auto keys =
          Write([&](Transaction& tx) { return KeysOfEntries(tx, run.begin, run.end, hasher); });
      ASSERT_TRUE(keys.ok());
      EXPECT_EQ(SealRun(run.begin, run.end, *keys, hasher), run);
    }
  }
  void TearDown() override {
    for (const char* name :
         {"audit.index_step", "audit.index_before_publish", "audit.index_after_publish"}) {
      SetFailpoint(name, nullptr);
    }
  }
};

TEST_F(KeyIndexKeeperTest, AnEmptyLogHasAnIndexWithoutRuns) {
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), Sizes{});
  EXPECT_EQ(Proven(kLot), 0u);
}

TEST_F(KeyIndexKeeperTest, IndexesOnTheSpotWhatNoRunCoversYet) {
  Grow(3);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{3}));
  EXPECT_EQ(CountRows("audit_index_run"), 0);
  ExpectSignedRunsAreTheEntries();
}

TEST_F(KeyIndexKeeperTest, MakesARunOfEvery256Entries) {
  Grow(255);
  EXPECT_EQ(*keeper_.Build(UINT64_MAX), false);
  EXPECT_EQ(CountRows("audit_index_run"), 0);
  Grow(256);
  EXPECT_EQ(*keeper_.Build(UINT64_MAX), false);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{256}));
  Grow(600);
  EXPECT_EQ(*keeper_.Build(1), true) << "there is more to make";
  EXPECT_EQ(*keeper_.Build(UINT64_MAX), false);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{256, 256, 88}));
  ExpectSignedRunsAreTheEntries();
}

TEST_F(KeyIndexKeeperTest, MergesSixteenRunsIntoOneAndClearsWhenItIsSigned) {
  Grow(4095);
  Settle();
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(Signed().size(), 16u);
  Grow(4096);
  ASSERT_TRUE(keeper_.Build(UINT64_MAX).ok());
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), Sizes(16, 256));
  EXPECT_EQ(*keeper_.Merge(), true);
  EXPECT_EQ(*keeper_.Merge(), false);
  // The newest checkpoint still lists the small ones: they stay, and prove.
  ClearAll();
  EXPECT_EQ(CountRows("audit_index_run"), 17);
  EXPECT_EQ(Proven(LotOf(300)), 1u);
  Grow(4097);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{4096, 1}));
  ClearAll();
  EXPECT_EQ(CountRows("audit_index_run"), 17) << "the checkpoint before may yet be cosigned";
  clock_.Advance(absl::Minutes(1));
  Grow(4098);
  ASSERT_TRUE(Sign().ok());
  ClearAll();
  EXPECT_EQ(CountRows("audit_index_run"), 1);
  EXPECT_EQ(Proven(LotOf(300)), 1u);
  ExpectSignedRunsAreTheEntries();
  EXPECT_EQ(CountRows("audit_index_page"), static_cast<int64_t>(PagesOf(Signed()[0].keys)));
}

TEST_F(KeyIndexKeeperTest, ALogOfBeforeTheIndexIsCaughtUpWith) {
  Grow(5000);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(ReasonOf(Prove(kLot).status()), "CHECKPOINT_NOT_YET") << "too much to do on the spot";
  EXPECT_EQ(
      ParseCheckpoint((*Write([](Transaction& tx) { return LoadNewestCheckpoint(tx); }))->note)
          ->index_root,
      std::nullopt);
  Settle();
  // Nothing is signed again for the same size.
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(ReasonOf(Prove(kLot).status()), "CHECKPOINT_NOT_YET");
  Grow(5001);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{4096, 256, 256, 256, 137}));
  EXPECT_EQ(Proven(kLot), 5001u);
  ExpectSignedRunsAreTheEntries();
}

TEST_F(KeyIndexKeeperTest, ADamagedEntryIsNotIndexedAndStopsNoCheckpoint) {
  Grow(300);
  Tamper("UPDATE audit_entry SET leaf = x'00' WHERE entry_index = 17");
  EXPECT_EQ(ReasonOf(keeper_.Build(UINT64_MAX).status()), "LEAF_MISMATCH");
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(ReasonOf(Prove(kLot).status()), "CHECKPOINT_NOT_YET");
}

// A process that ends anywhere in the making of a run: the next one goes on.
TEST_F(KeyIndexKeeperTest, GoesOnAfterARunWasLeftHalfWritten) {
  Grow(4096 + 300);
  for (const char* name :
       {"audit.index_step", "audit.index_before_publish", "audit.index_after_publish"}) {
    SetFailpoint(name, [] { throw std::runtime_error("ends here"); });
    EXPECT_THROW((void)keeper_.Build(UINT64_MAX), std::runtime_error) << name;
    SetFailpoint(name, nullptr);
    KeyIndexKeeper next(*db());
    ASSERT_TRUE(next.Recover().ok());
  }
  Settle();
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{4096, 256, 44}));
  ClearAll();
  EXPECT_EQ(CountRows("audit_index_run"), 2);
  const std::vector<IndexRun> runs = Signed();
  EXPECT_EQ(CountRows("audit_index_page"),
            static_cast<int64_t>(PagesOf(runs[0].keys) + PagesOf(runs[1].keys)));
  ExpectSignedRunsAreTheEntries();
  EXPECT_EQ(Proven(kLot), 4396u);
}

TEST_F(KeyIndexKeeperTest, AMergeThatEndedHalfwayIsMadeAnew) {
  for (uint64_t size = 256; size <= 4096; size += 256) {
    Grow(size);
    ASSERT_TRUE(keeper_.Build(UINT64_MAX).ok());
  }
  ASSERT_TRUE(Sign().ok());
  for (const char* name : {"audit.index_step", "audit.index_before_publish"}) {
    SetFailpoint(name, [] { throw std::runtime_error("ends here"); });
    EXPECT_THROW((void)keeper_.Merge(), std::runtime_error) << name;
    SetFailpoint(name, nullptr);
    KeyIndexKeeper next(*db());
    ASSERT_TRUE(next.Recover().ok());
    EXPECT_EQ(Proven(kLot), 4096u) << "what was signed is still there";
  }
  Settle();
  clock_.Advance(absl::Minutes(1));
  Grow(4100);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{4096, 4}));
  ClearAll();
  EXPECT_EQ(CountRows("audit_index_run"), 1);
  EXPECT_EQ(Proven(kLot), 4100u);
  ExpectSignedRunsAreTheEntries();
}

TEST_F(KeyIndexKeeperTest, AMergeThatFailsLeavesNothingBehind) {
  for (uint64_t size = 256; size <= 4096; size += 256) {
    Grow(size);
    ASSERT_TRUE(keeper_.Build(UINT64_MAX).ok());
  }
  ASSERT_TRUE(Sign().ok());
  FaultyDatabase faulty(*db());
  KeyIndexKeeper keeper(faulty);
  faulty.FailCommit(2);
  EXPECT_EQ(keeper.Merge().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CountRows("audit_index_run"), 17);
  ClearAll();
  EXPECT_EQ(CountRows("audit_index_run"), 16) << "without waiting for the next start";
}

TEST_F(KeyIndexKeeperTest, TheThreadMergesAndClears) {
  for (uint64_t size = 256; size <= 4096; size += 256) {
    Grow(size);
    ASSERT_TRUE(keeper_.Build(UINT64_MAX).ok());
  }
  absl::Mutex mutex;
  bool merged = false;
  SetFailpoint("audit.index_after_publish", [&] {
    absl::MutexLock lock(&mutex);
    merged = true;
  });
  keeper_.Start();
  {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(&merged));
  }
  keeper_.Stop();
  Grow(4097);
  ASSERT_TRUE(Sign().ok());
  EXPECT_EQ(SignedSizes(), (Sizes{4096, 1}));
}

}  // namespace
}  // namespace meso::audit
