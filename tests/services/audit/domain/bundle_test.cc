// What holds in both versions of a bundle, shown on version 1; bundle_v2_test.cc has the rest.
#include "services/audit/domain/bundle.h"

#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle_record.h"
#include "tests/services/audit/domain/bundle_samples.h"

namespace meso::audit {
namespace {

VerifyReport Verify(const std::string& bundle,
                    const std::optional<Checkpoint>& remembered = std::nullopt) {
  static const auto* keys = new std::vector<VerifierKey>{SampleKey()->verifier()};
  std::istringstream in(bundle);
  return VerifyBundle(in, *keys, nullptr, remembered);
}

TEST(BundleTest, VerifiesAWholeLog) {
  for (uint64_t size : {0, 1, 2, 3, 7, 8, 9, 64, 100}) {
    const SampleLog log(size);
    const VerifyReport report = Verify(log.Bundle());
    EXPECT_TRUE(report.ok) << size << ": " << report.problem;
    EXPECT_EQ(report.entries, size);
    EXPECT_EQ(report.left_out, 0u);
    EXPECT_EQ(report.payloads, size - size / 3);
    EXPECT_EQ(report.header.tree_size, size);
    EXPECT_EQ(report.header.origin, "meso.test/audit");
    EXPECT_EQ(report.checkpoints, 1u);
    EXPECT_EQ(report.root, ParseCheckpoint(log.checkpoints.back())->root);
  }
}

TEST(BundleTest, VerifiesAFilteredExportWithTheHashesOfTheRest) {
  const SampleLog log(5000, {0, 1, 100, 4096, 5000});
  const VerifyReport report =
      Verify(log.Bundle(false, [](uint64_t index) { return index % 1000 != 17; }));
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 5u);
  EXPECT_EQ(report.left_out, 4995u);
  EXPECT_EQ(report.payloads, 0u);
  EXPECT_EQ(report.checkpoints, 5u);
}

TEST(BundleTest, SaysHowFarItIs) {
  const SampleLog log(20000);
  std::istringstream in(log.Bundle());
  std::vector<uint64_t> seen;
  const VerifyReport report =
      VerifyBundle(in, {SampleKey()->verifier()}, [&seen](uint64_t done, uint64_t total) {
        EXPECT_EQ(total, 20000u);
        seen.push_back(done);
      });
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(seen, (std::vector<uint64_t>{16384, 20000}));
}

TEST(BundleTest, FindsEveryFlippedBitAndNamesTheEntry) {
  const SampleLog log(3);
  for (const bool filtered : {false, true}) {
    const std::string bundle =
        log.Bundle(true, [filtered](uint64_t index) { return filtered && index != 1; });
    ASSERT_TRUE(Verify(bundle).ok) << Verify(bundle).problem;
    const std::vector<RecordAt> records = RecordsOf(bundle);
    for (size_t bit = 0; bit < bundle.size() * 8; ++bit) {
      std::string bad = bundle;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      const VerifyReport report = Verify(bad);
      ASSERT_FALSE(report.ok) << "bit " << bit;
      ASSERT_FALSE(report.problem.empty()) << "bit " << bit;
      for (const RecordAt& record : records) {
        // A change of type or length moves everything behind it; inside a body the entry is known.
        if (record.type != kEntryRecord || bit / 8 < record.begin + 5 || bit / 8 >= record.end) {
          continue;
        }
        const uint64_t index = DecodeEntry(absl::string_view(bundle).substr(
                                               record.begin + 5, record.end - record.begin - 5))
                                   ->index;
        ASSERT_TRUE(report.first_bad_index.has_value()) << "bit " << bit;
        EXPECT_EQ(*report.first_bad_index, index) << "bit " << bit << ": " << report.problem;
        EXPECT_EQ(*report.last_bad_index, index) << "bit " << bit << ": " << report.problem;
      }
    }
  }
}

TEST(BundleTest, FindsEveryCutAndEverythingBehindTheEnd) {
  const std::string bundle = SampleLog(5).Bundle();
  for (size_t size = 0; size < bundle.size(); ++size) {
    EXPECT_FALSE(Verify(bundle.substr(0, size)).ok) << "cut at " << size;
  }
  EXPECT_FALSE(Verify(bundle + std::string(1, '\0')).ok);
  EXPECT_FALSE(Verify(bundle + bundle).ok);
}

// Writes the log anew with another store's content: everything but the signatures fits the change.
std::string Forge(const SampleLog& log, const std::function<void(SampleLog&)>& change) {
  SampleLog forged = log;
  change(forged);
  return forged.Bundle();
}

TEST(BundleTest, NamesAnEditedEntryEvenWhenItsOwnHashWasMadeToFit) {
  const SampleLog log(12, {4, 8, 12});
  const VerifyReport content = Verify(Forge(log, [](SampleLog& forged) {
    forged.entries[5].leaf.reason = "EDITED";
    forged.entries[5].leaf_bytes = EncodeLeaf(forged.entries[5].leaf);
  }));
  EXPECT_FALSE(content.ok);
  EXPECT_EQ(content.first_bad_index, 5u);
  EXPECT_EQ(content.last_bad_index, 5u);

  const VerifyReport rehashed = Verify(Forge(log, [](SampleLog& forged) {
    forged.entries[5].leaf.reason = "EDITED";
    forged.entries[5].leaf_bytes = EncodeLeaf(forged.entries[5].leaf);
    Hasher hasher;
    forged.rows[5].replace(0, 32, HashBytes(hasher.Leaf(forged.entries[5].leaf_bytes)));
  }));
  EXPECT_FALSE(rehashed.ok);
  EXPECT_EQ(rehashed.first_bad_index, 4u) << "the node above it covers entries 4 and 5";
  EXPECT_EQ(rehashed.last_bad_index, 5u);
}

TEST(BundleTest, NarrowsAWhollyRecomputedLogBetweenTwoCheckpoints) {
  const SampleLog log(12, {4, 8, 12});
  const VerifyReport report = Verify(Forge(log, [](SampleLog& forged) {
    Hasher hasher;
    Tree tree(hasher);
    forged.entries[6].leaf.actor.subject = "users/nobody";
    forged.entries[6].leaf_bytes = EncodeLeaf(forged.entries[6].leaf);
    for (size_t i = 0; i < forged.entries.size(); ++i) {
      forged.rows[i].clear();
      for (const Hash& hash : tree.Append(hasher.Leaf(forged.entries[i].leaf_bytes))) {
        forged.rows[i] += HashBytes(hash);
      }
    }
  }));
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad_index, 4u);
  EXPECT_EQ(report.last_bad_index, 7u);
}

TEST(BundleTest, NamesAnAlteredTreeNode) {
  const SampleLog log(12, {4, 8, 12});
  const VerifyReport report =
      Verify(Forge(log, [](SampleLog& forged) { forged.rows[7][40] ^= 1; }));
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad_index, 7u);
  EXPECT_EQ(report.last_bad_index, 7u);
}

TEST(BundleTest, FindsDeletionReorderingRollbackAndLostPayloads) {
  const SampleLog log(12, {4, 8, 12});
  const auto first_bad = [&log](const std::function<void(SampleLog&)>& change) {
    const VerifyReport report = Verify(Forge(log, change));
    EXPECT_FALSE(report.ok);
    return report.first_bad_index;
  };
  EXPECT_EQ(first_bad([](SampleLog& forged) {
              std::swap(forged.entries[3], forged.entries[9]);
              std::swap(forged.rows[3], forged.rows[9]);
            }),
            3u);
  EXPECT_EQ(first_bad([](SampleLog& forged) {
              forged.entries.erase(forged.entries.begin() + 5);
              forged.rows.erase(forged.rows.begin() + 5);
            }),
            std::nullopt)
      << "fewer entries than any checkpoint covers";
  EXPECT_EQ(first_bad([](SampleLog& forged) {
              forged.entries[5] = forged.entries[6];
              forged.rows[5] = forged.rows[6];
            }),
            5u);
  EXPECT_EQ(first_bad([](SampleLog& forged) {
              forged.entries[7].parts.front().payload.clear();
              forged.entries[7].parts.front().salt.clear();
            }),
            7u);
  EXPECT_EQ(first_bad([](SampleLog& forged) { forged.entries[7].parts.front().payload += "x"; }),
            7u);
}

TEST(BundleTest, WithoutAFilterNoEntryMayBeLeftOut) {
  const SampleLog log(12, {4, 8, 12});
  for (uint64_t k = 0; k < 12; ++k) {
    const auto without_k = [k](uint64_t index) { return index == k; };
    EXPECT_TRUE(Verify(log.Bundle(true, without_k)).ok) << "with a filter it may";
    const VerifyReport report = Verify(log.Bundle(true, without_k, ""));
    EXPECT_FALSE(report.ok);
    EXPECT_EQ(report.problem,
              absl::StrCat("entries/", k, ": it was left out of a bundle that has no filter"));
    EXPECT_EQ(report.first_bad_index, k);
    EXPECT_EQ(report.last_bad_index, k);
  }
}

TEST(BundleTest, RemembersAnEarlierStateAgainstRollbackAndFork) {
  const SampleLog log(12, {4, 8, 12});
  const Checkpoint at_eight = *ParseCheckpoint(log.checkpoints[1]);
  EXPECT_TRUE(Verify(log.Bundle(), at_eight).ok);
  // A log cut back to an older signed state verifies by itself; only memory shows the cut.
  const SampleLog older(6, {4, 6});
  EXPECT_TRUE(Verify(older.Bundle()).ok);
  const VerifyReport cut = Verify(older.Bundle(), at_eight);
  EXPECT_FALSE(cut.ok);
  EXPECT_TRUE(absl::StrContains(cut.problem, "cut back")) << cut.problem;
  Checkpoint fork = at_eight;
  fork.root[0] ^= 1;
  EXPECT_FALSE(Verify(log.Bundle(), fork).ok);
  Checkpoint other = at_eight;
  other.origin = "other";
  EXPECT_FALSE(Verify(log.Bundle(), other).ok);
}

TEST(BundleTest, TrustsOnlyTheKeysItIsGiven) {
  const SampleLog log(4);
  std::istringstream in(log.Bundle());
  const auto other = *MakeSigningKey("meso.test/audit", std::string(32, 'k'));
  const VerifyReport report = VerifyBundle(in, {other->verifier()}, nullptr);
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(absl::StrContains(report.problem, "no signature by a known key")) << report.problem;
  EXPECT_EQ(report.first_bad_index, std::nullopt);
}

TEST(BundleTest, RefusesABundleWithoutAnyCheckpointOrWithForeignRecords) {
  SampleLog log(4);
  log.checkpoints.clear();
  EXPECT_TRUE(absl::StrContains(Verify(log.Bundle()).problem, "No signed checkpoint"));
  EXPECT_FALSE(Verify("").ok);
  EXPECT_FALSE(Verify("MESOBNDL").ok);
  EXPECT_FALSE(Verify(std::string("MESOBNDL\0\0\0\3", 12)).ok);
}

}  // namespace
}  // namespace meso::audit
