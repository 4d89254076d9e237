// The Merkle tree of RFC 6962 section 2.1: growing it, its root at any size, proofs and their
// verification.
//
// A leaf that is appended completes zero or more nodes above it; leaf hash and completed nodes are
// stored together as one row per leaf, bottom up, and never change again. Node (level, index) is
// therefore at place `level` of the row of leaf (index + 1) * 2^level - 1. Whoever has the rows has
// the whole tree; nothing here knows where they are kept. Sizes are 64 bit. Pure apart from the
// reader passed in; a Tree belongs to one thread at a time.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_MERKLE_TREE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_MERKLE_TREE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/audit/domain/hash.h"

namespace meso::audit {

using Proof = std::vector<Hash>;

// Returns the stored hash of a complete node; level 0 is the leaf hash itself.
using NodeReader = std::function<absl::StatusOr<Hash>(int level, uint64_t index)>;

// The row whose place `level` holds node (level, index).
constexpr uint64_t RowOfNode(int level, uint64_t index) { return ((index + 1) << level) - 1; }
// The number of hashes in the row of this leaf: its own and one per node it completes.
int RowLength(uint64_t leaf_index);

// The right edge of a tree: all that is needed to append and to compute the root.
class Tree {
 public:
  explicit Tree(Hasher& hasher) : hasher_(&hasher) {}
  // The tree of `size` leaves whose complete nodes `read` returns. Errors: those of `read`.
  static absl::StatusOr<Tree> Load(uint64_t size, Hasher& hasher, const NodeReader& read);

  // Appends a leaf and returns its row: the leaf hash, then every node it completed, bottom up. The
  // row lasts until the next one.
  const std::vector<Hash>& Append(const Hash& leaf_hash);
  // The root at the current size; EmptyRoot() when there is no leaf.
  Hash Root() const;
  uint64_t size() const { return size_; }

 private:
  Hasher* hasher_;
  uint64_t size_ = 0;
  // Complete subtrees from left (largest) to right, one per 1 bit of size_.
  std::vector<Hash> peaks_;
  std::vector<Hash> row_;  // returned last, kept for its memory
};

// The path from leaf `index` to the root of the first `size` leaves. Precondition: index < size.
// Errors: those of `read`.
absl::StatusOr<Proof> InclusionProof(uint64_t index, uint64_t size, Hasher& hasher,
                                     const NodeReader& read);

struct NodePlace {
  int level = 0;
  uint64_t index = 0;
};
// The nodes InclusionProof reads, for a reader that wants to fetch them together.
std::vector<NodePlace> InclusionNodes(uint64_t index, uint64_t size);

// Shows that the tree of `old_size` leaves is a prefix of that of `size`. Precondition: 0 <
// old_size <= size. Errors: those of `read`.
absl::StatusOr<Proof> ConsistencyProof(uint64_t old_size, uint64_t size, Hasher& hasher,
                                       const NodeReader& read);

// A tree small enough to be held whole: its root and the paths of its leaves. Not changed once
// made.
class MemoryTree {
 public:
  MemoryTree(std::vector<Hash> leaf_hashes, Hasher& hasher);
  uint64_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }
  Hash Root() const;
  // The path from leaf `index` to the root. Precondition: index < size().
  Proof Path(uint64_t index) const;

 private:
  Hasher* hasher_;
  std::vector<std::vector<Hash>> levels_;  // complete nodes; level 0 are the leaf hashes
};

// True when the proof leads exactly from the leaf hash at `index` to the root of `size` leaves: no
// hash missing, none left over.
bool VerifyInclusion(const Hash& leaf_hash, uint64_t index, uint64_t size, const Proof& proof,
                     const Hash& root, Hasher& hasher);

// True when the proof shows old_root (of old_size leaves) to be a prefix of root (of size leaves).
// False for old_size 0: a proof from the empty tree proves nothing.
bool VerifyConsistency(uint64_t old_size, uint64_t size, const Proof& proof, const Hash& old_root,
                       const Hash& root, Hasher& hasher);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_MERKLE_TREE_H_
