// GetInclusionProof over a real log: every path, every size, every refusal. The published vectors
// are checked in domain/merkle_tree_test.cc, whose functions build the paths.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/audit/domain/checkpoint.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {
namespace {

// The root as RFC 6962 section 2.1 defines it, by recursion over the leaves: nothing of the product
// but the hash.
Hash RootByDefinition(const std::vector<Hash>& leaves, size_t begin, size_t end, Hasher& hasher) {
  if (end - begin == 1) return leaves[begin];
  size_t half = 1;
  while (half * 2 < end - begin) half *= 2;
  return hasher.Node(RootByDefinition(leaves, begin, begin + half, hasher),
                     RootByDefinition(leaves, begin + half, end, hasher));
}

class ProofOperationsTest : public AuditLogFixture {
 protected:
  absl::StatusOr<EntryProof> Prove(uint64_t index, uint64_t tree_size = 0,
                                   const CallContext& call = Auditor()) {
    return Write([&](Transaction& tx) {
      return ops_.GetInclusionProof(tx, call, {index, tree_size});
    });
  }
  std::vector<Hash> LeafHashes(uint64_t size) {
    std::vector<Hash> leaves;
    for (uint64_t i = 0; i < size; ++i) {
      const auto entry = Write([&](Transaction& tx) { return LoadEntry(tx, i); });
      leaves.push_back(hasher_.Leaf((*entry)->leaf));
    }
    return leaves;
  }

  Hasher hasher_;
};

TEST_F(ProofOperationsTest, LeadsFromEveryEntryToTheRootOfEverySizeAboveIt) {
  constexpr uint64_t kSize = 37;
  ASSERT_TRUE(Append(Run(1, kSize)).ok());
  ASSERT_TRUE(Sign().ok());
  const std::vector<Hash> leaves = LeafHashes(kSize);
  for (uint64_t size = 1; size <= kSize; ++size) {
    const Hash root = RootByDefinition(leaves, 0, size, hasher_);
    for (uint64_t index = 0; index < size; ++index) {
      const absl::StatusOr<EntryProof> proof = Prove(index, size);
      ASSERT_TRUE(proof.ok()) << index << " of " << size << ": " << proof.status();
      EXPECT_EQ(proof->leaf_hash, leaves[index]);
      EXPECT_EQ(proof->index, index);
      EXPECT_EQ(proof->tree_size, size);
      EXPECT_TRUE(VerifyInclusion(leaves[index], index, size, proof->path, root, hasher_))
          << index << " of " << size;
      EXPECT_EQ(proof->checkpoint_note.empty(), size != kSize) << "only the newest is signed here";
    }
  }
}

TEST_F(ProofOperationsTest, TakesTheNewestCheckpointUnlessAnotherSizeIsAskedFor) {
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  ASSERT_TRUE(Sign().ok());
  clock_.Advance(absl::Hours(2));
  ASSERT_TRUE(Append(Run(6, 9)).ok());
  ASSERT_TRUE(Sign().ok());
  const auto newest = Prove(3);
  ASSERT_TRUE(newest.ok());
  EXPECT_EQ(newest->tree_size, 9u);
  EXPECT_EQ(OpenCheckpoint(newest->checkpoint_note, {ops_.verifier()})->size, 9u);
  const auto hourly = Prove(3, 5);
  ASSERT_TRUE(hourly.ok());
  EXPECT_EQ(OpenCheckpoint(hourly->checkpoint_note, {ops_.verifier()})->size, 5u)
      << "the last of its hour is kept";
  const auto unsigned_size = Prove(3, 7);
  ASSERT_TRUE(unsigned_size.ok());
  EXPECT_EQ(unsigned_size->checkpoint_note, "") << "who asks for it has its checkpoint";
}

TEST_F(ProofOperationsTest, SaysHowFarTheSignaturesReach) {
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  const absl::Status none = Prove(0).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(none), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(DetailsOf(none).metadata["signed_size"], "0");
  ASSERT_TRUE(Sign().ok());
  ASSERT_TRUE(Append(Run(6, 8)).ok());
  EXPECT_TRUE(Prove(4).ok());
  const absl::Status beyond = Prove(5).status();
  EXPECT_EQ(ReasonOf(beyond), "CHECKPOINT_NOT_YET") << "there, but not signed yet";
  EXPECT_EQ(DetailsOf(beyond).metadata["signed_size"], "5");
  EXPECT_EQ(DetailsOf(beyond).metadata["wanted_size"], "6");
  EXPECT_TRUE(Prove(0, 5).ok());
  EXPECT_EQ(ReasonOf(Prove(0, 6).status()), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(ReasonOf(Prove(0, 1u << 30).status()), "CHECKPOINT_NOT_YET");
  EXPECT_EQ(ReasonOf(Prove(8).status()), "RESOURCE_NOT_FOUND");
}

TEST_F(ProofOperationsTest, ShowsNothingOfAnotherSite) {
  ASSERT_TRUE(Append(Run(1, 6)).ok());
  ASSERT_TRUE(Sign().ok());
  const auto entry = Write([&](Transaction& tx) { return ops_.GetEntry(tx, Auditor(), 0); });
  ASSERT_EQ(entry->entry.leaf.site, "sites/syd-1");
  EXPECT_TRUE(Prove(0, 0, Caller("users/a", "compliance_auditor", {"syd-1"})).ok());
  const absl::Status other =
      Prove(0, 0, Caller("users/b", "compliance_auditor", {"par-1"})).status();
  EXPECT_EQ(other.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(other), "RESOURCE_NOT_FOUND");
}

TEST_F(ProofOperationsTest, NeverProvesWhatWasChanged) {
  ASSERT_TRUE(Append(Run(1, 8)).ok());
  ASSERT_TRUE(Sign().ok());
  // The hash of entry 2, which is its own and a step of entry 3's path.
  Tamper(
      "UPDATE audit_tree SET hashes = (SELECT hashes FROM audit_tree WHERE entry_index = 4) "
      "WHERE entry_index = 2");
  EXPECT_EQ(ReasonOf(Prove(2).status()), "LEAF_MISMATCH");
  const absl::Status path = Prove(3).status();
  EXPECT_EQ(path.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(path), "TREE_INCONSISTENT");
  EXPECT_TRUE(Prove(5).ok()) << "its path holds the node above, which is whole";
}

}  // namespace
}  // namespace meso::audit
