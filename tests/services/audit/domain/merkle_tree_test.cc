#include "services/audit/domain/merkle_tree.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace meso::audit {
namespace {

using nlohmann::json;

const json& Vectors() {
  static const auto* vectors = [] {
    std::ifstream file("tests/data/rfc6962_vectors.json");
    return new json(json::parse(file));
  }();
  return *vectors;
}

std::string Unhex(const json& text) { return absl::HexStringToBytes(text.get<std::string>()); }
Hash UnhexHash(const json& text) { return HashFrom(Unhex(text)); }
Proof UnhexProof(const json& list) {
  Proof proof;
  for (const json& hash : list) proof.push_back(UnhexHash(hash));
  return proof;
}

// Rows as the store keeps them, and the reader over them.
class Rows {
 public:
  explicit Rows(Hasher& hasher) : tree(hasher) {}
  void Append(const Hash& leaf_hash) { rows_.push_back(tree.Append(leaf_hash)); }
  NodeReader reader() const {
    return [this](int level, uint64_t index) -> absl::StatusOr<Hash> {
      return rows_.at(RowOfNode(level, index)).at(static_cast<size_t>(level));
    };
  }
  const std::vector<std::vector<Hash>>& rows() const { return rows_; }
  Tree tree;

 private:
  std::vector<std::vector<Hash>> rows_;
};

TEST(MerkleTreeTest, HashesLeavesAndNodesAsPublished) {
  Hasher hasher;
  for (const json& primitive : Vectors()["primitives"]) {
    const std::string op = primitive["op"];
    SCOPED_TRACE(primitive["name"].get<std::string>());
    if (op == "leaf") {
      EXPECT_EQ(hasher.Leaf(Unhex(primitive["in"])), UnhexHash(primitive["out"]));
    } else if (op == "node") {
      EXPECT_EQ(hasher.Node(Unhex(primitive["left"]), Unhex(primitive["right"])),
                UnhexHash(primitive["out"]));
    } else {
      EXPECT_EQ(EmptyRoot(), UnhexHash(primitive["out"]));
    }
  }
}

TEST(MerkleTreeTest, GrowsThePublishedRootsAndNodes) {
  Hasher hasher;
  Rows rows(hasher);
  const json& leaves = Vectors()["ct_standard_leaves"];
  const json& roots = Vectors()["ct_roots_by_size_0_to_8"];
  EXPECT_EQ(rows.tree.Root(), UnhexHash(roots[0]));
  for (size_t i = 0; i < leaves.size(); ++i) {
    const Hash leaf_hash = hasher.Leaf(Unhex(leaves[i]));
    EXPECT_EQ(leaf_hash, UnhexHash(Vectors()["ct_leaf_hashes"][i]));
    rows.Append(leaf_hash);
    EXPECT_EQ(static_cast<int>(rows.rows().back().size()), RowLength(i));
    EXPECT_EQ(rows.tree.Root(), UnhexHash(roots[i + 1])) << "size " << i + 1;
  }
  const json& levels = Vectors()["ct_node_hashes_by_level"];
  for (size_t level = 0; level < levels.size(); ++level) {
    for (size_t index = 0; index < levels[level].size(); ++index) {
      EXPECT_EQ(*rows.reader()(static_cast<int>(level), index), UnhexHash(levels[level][index]));
    }
  }
}

TEST(MerkleTreeTest, NamesTheNodesAPathReads) {
  Hasher hasher;
  Rows rows(hasher);
  for (int i = 0; i < 70; ++i) rows.Append(hasher.Leaf(absl::StrCat("leaf ", i)));
  for (uint64_t size = 1; size <= 70; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      std::set<std::pair<int, uint64_t>> read;
      const NodeReader reader = [&](int level, uint64_t at) {
        read.insert({level, at});
        return rows.reader()(level, at);
      };
      ASSERT_TRUE(InclusionProof(index, size, hasher, reader).ok());
      std::set<std::pair<int, uint64_t>> named;
      for (const NodePlace& node : InclusionNodes(index, size)) {
        EXPECT_TRUE(named.insert({node.level, node.index}).second) << "named twice";
      }
      EXPECT_EQ(named, read) << index << " of " << size;
    }
  }
}

TEST(MerkleTreeTest, ProvesAndVerifiesEveryPublishedInclusion) {
  Hasher hasher;
  Rows rows(hasher);
  for (const json& hash : Vectors()["ct_leaf_hashes"]) rows.Append(UnhexHash(hash));
  for (const json& vector : Vectors()["ct_all_inclusion_proofs"]["vectors"]) {
    const uint64_t index = vector["index"];
    const uint64_t size = vector["size"];
    SCOPED_TRACE(absl::StrCat(index, " of ", size));
    const Hash leaf = UnhexHash(vector["leaf_hash"]);
    const Hash root = UnhexHash(vector["root"]);
    Proof proof = UnhexProof(vector["proof"]);
    EXPECT_EQ(*InclusionProof(index, size, hasher, rows.reader()), proof);
    EXPECT_TRUE(VerifyInclusion(leaf, index, size, proof, root, hasher));
    EXPECT_FALSE(VerifyInclusion(leaf, index + 1, size, proof, root, hasher) && size > 1);
    EXPECT_FALSE(VerifyInclusion(leaf, size, size, proof, root, hasher));
    EXPECT_FALSE(VerifyInclusion(root, index, size, proof, EmptyRoot(), hasher));
    for (size_t i = 0; i < proof.size(); ++i) {
      Proof bad = proof;
      bad[i][31] ^= 1;
      EXPECT_FALSE(VerifyInclusion(leaf, index, size, bad, root, hasher));
    }
    proof.push_back(root);
    EXPECT_FALSE(VerifyInclusion(leaf, index, size, proof, root, hasher)) << "one hash too many";
    proof.pop_back();
    if (!proof.empty()) {
      proof.pop_back();
      EXPECT_FALSE(VerifyInclusion(leaf, index, size, proof, root, hasher)) << "one missing";
    }
  }
}

TEST(MerkleTreeTest, ProvesAndVerifiesEveryPublishedConsistency) {
  Hasher hasher;
  Rows rows(hasher);
  for (const json& hash : Vectors()["ct_leaf_hashes"]) rows.Append(UnhexHash(hash));
  for (const json& vector : Vectors()["ct_all_consistency_proofs"]["vectors"]) {
    const uint64_t size1 = vector["size1"];
    const uint64_t size2 = vector["size2"];
    SCOPED_TRACE(absl::StrCat(size1, " to ", size2));
    const Hash root1 = UnhexHash(vector["root1"]);
    const Hash root2 = UnhexHash(vector["root2"]);
    Proof proof = UnhexProof(vector["proof"]);
    EXPECT_EQ(*ConsistencyProof(size1, size2, hasher, rows.reader()), proof);
    EXPECT_TRUE(VerifyConsistency(size1, size2, proof, root1, root2, hasher));
    EXPECT_FALSE(VerifyConsistency(0, size2, proof, EmptyRoot(), root2, hasher));
    if (size1 != size2) {
      EXPECT_FALSE(VerifyConsistency(size1, size2, proof, root2, root1, hasher));
      EXPECT_FALSE(VerifyConsistency(size2, size1, proof, root2, root1, hasher));
      EXPECT_FALSE(VerifyConsistency(size1, size2, {}, root1, root2, hasher));
    }
    proof.push_back(root1);
    EXPECT_FALSE(VerifyConsistency(size1, size2, proof, root1, root2, hasher));
  }
}

TEST(MerkleTreeTest, TellsLeavesFromNodesAndNeverRepeatsTheLastLeaf) {
  Hasher hasher;
  for (const json& negative : Vectors()["domain_separation_negatives"]) {
    SCOPED_TRACE(negative["desc"].get<std::string>());
    if (negative.contains("node")) {
      const Hash left = UnhexHash(negative["left"]);
      const Hash right = UnhexHash(negative["right"]);
      EXPECT_EQ(hasher.Node(left, right), UnhexHash(negative["node"]));
      EXPECT_EQ(hasher.Leaf(HashBytes(left) + HashBytes(right)),
                UnhexHash(negative["forged_leaf"]));
      EXPECT_NE(UnhexHash(negative["node"]), UnhexHash(negative["forged_leaf"]));
    } else if (negative.contains("plain")) {
      EXPECT_NE(hasher.Leaf(Unhex(negative["in"])), UnhexHash(negative["plain"]));
    } else {
      Tree tree(hasher);
      for (int i = 0; i < negative["size"].get<int>(); ++i) {
        tree.Append(UnhexHash(Vectors()["ct_leaf_hashes"][static_cast<size_t>(i)]));
      }
      EXPECT_EQ(tree.Root(), UnhexHash(negative["right_root"]));
      EXPECT_NE(tree.Root(), UnhexHash(negative["wrong_root"]));
    }
  }
}

TEST(MerkleTreeTest, LoadsItsRightEdgeAtAnySizeAndGrowsOnAsIfNeverLeft) {
  Hasher hasher;
  Rows rows(hasher);
  std::vector<Hash> roots = {EmptyRoot()};
  for (int i = 0; i < 300; ++i) {
    rows.Append(hasher.Leaf(absl::StrCat("leaf ", i)));
    roots.push_back(rows.tree.Root());
  }
  for (uint64_t size = 0; size <= 300; ++size) {
    absl::StatusOr<Tree> tree = Tree::Load(size, hasher, rows.reader());
    ASSERT_TRUE(tree.ok());
    ASSERT_EQ(tree->Root(), roots[size]) << size;
    if (size == 300) break;
    EXPECT_EQ(tree->Append(rows.rows()[size][0]), rows.rows()[size]);
    EXPECT_EQ(tree->Root(), roots[size + 1]);
  }
}

TEST(MerkleTreeTest, ProvesEveryLeafAndPrefixOfOddTrees) {
  Hasher hasher;
  Rows rows(hasher);
  std::vector<Hash> roots = {EmptyRoot()};
  for (int i = 0; i < 67; ++i) {
    rows.Append(hasher.Leaf(absl::StrCat("leaf ", i)));
    roots.push_back(rows.tree.Root());
  }
  for (uint64_t size = 1; size <= 67; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      const absl::StatusOr<Proof> inclusion = InclusionProof(index, size, hasher, rows.reader());
      ASSERT_TRUE(inclusion.ok());
      ASSERT_TRUE(
          VerifyInclusion(rows.rows()[index][0], index, size, *inclusion, roots[size], hasher));
      const absl::StatusOr<Proof> consistency =
          ConsistencyProof(index + 1, size, hasher, rows.reader());
      ASSERT_TRUE(consistency.ok());
      ASSERT_TRUE(
          VerifyConsistency(index + 1, size, *consistency, roots[index + 1], roots[size], hasher));
    }
  }
}

TEST(MerkleTreeTest, HandsOnTheErrorOfItsStore) {
  Hasher hasher;
  const NodeReader broken = [](int, uint64_t) -> absl::StatusOr<Hash> {
    return absl::DataLossError("gone");
  };
  EXPECT_EQ(Tree::Load(5, hasher, broken).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(InclusionProof(2, 5, hasher, broken).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ConsistencyProof(2, 5, hasher, broken).status().code(), absl::StatusCode::kDataLoss);
}

TEST(MerkleTreeTest, ATreeInMemoryHasTheRootAndPathsOfTheStoredOne) {
  Hasher hasher;
  Rows stored(hasher);
  std::vector<Hash> leaves;
  EXPECT_EQ(MemoryTree({}, hasher).Root(), EmptyRoot());
  for (uint64_t size = 1; size <= 130; ++size) {
    leaves.push_back(hasher.Leaf(absl::StrCat("leaf ", size)));
    stored.Append(leaves.back());
    const MemoryTree tree(leaves, hasher);
    ASSERT_EQ(tree.size(), size);
    ASSERT_EQ(tree.Root(), stored.tree.Root());
    for (uint64_t i = 0; i < size; ++i) {
      ASSERT_EQ(tree.Path(i), *InclusionProof(i, size, hasher, stored.reader()));
    }
  }
}

}  // namespace
}  // namespace meso::audit
