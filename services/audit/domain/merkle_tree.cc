#include "services/audit/domain/merkle_tree.h"

#include <utility>

#include "common/base/check.h"
#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

// The largest power of two below n: where RFC 6962 splits a list of n > 1 leaves.
uint64_t SplitOf(uint64_t n) {
  uint64_t k = 1;
  while (k < n - k) k <<= 1;
  return k;
}

bool IsPowerOfTwo(uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

int LevelOf(uint64_t power) {
  int level = 0;
  while ((uint64_t{1} << level) < power) ++level;
  return level;
}

// The hash of leaves [begin, end); begin is a multiple of the next power of two, as in every split.
// A complete subtree is one stored node, the others are put together from at most 64.
absl::StatusOr<Hash> RangeHash(uint64_t begin, uint64_t end, Hasher& hasher,
                               const NodeReader& read) {
  const uint64_t n = end - begin;
  if (IsPowerOfTwo(n)) return read(LevelOf(n), begin / n);
  const uint64_t k = SplitOf(n);
  MESO_ASSIGN_OR_RETURN(const Hash left, RangeHash(begin, begin + k, hasher, read));
  MESO_ASSIGN_OR_RETURN(const Hash right, RangeHash(begin + k, end, hasher, read));
  return hasher.Node(left, right);
}

// PATH(index, D[begin:end]) of RFC 6962 section 2.1.1.
absl::Status AddPath(uint64_t index, uint64_t begin, uint64_t end, Hasher& hasher,
                     const NodeReader& read, Proof* proof) {
  if (end - begin == 1) return absl::OkStatus();
  const uint64_t middle = begin + SplitOf(end - begin);
  const bool left = index < middle;
  MESO_RETURN_IF_ERROR(left ? AddPath(index, begin, middle, hasher, read, proof)
                            : AddPath(index, middle, end, hasher, read, proof));
  MESO_ASSIGN_OR_RETURN(const Hash sibling, left ? RangeHash(middle, end, hasher, read)
                                                 : RangeHash(begin, middle, hasher, read));
  proof->push_back(sibling);
  return absl::OkStatus();
}

// What RangeHash reads.
void AddRangeNodes(uint64_t begin, uint64_t end, std::vector<NodePlace>* nodes) {
  const uint64_t n = end - begin;
  if (IsPowerOfTwo(n)) {
    nodes->push_back({LevelOf(n), begin / n});
    return;
  }
  const uint64_t middle = begin + SplitOf(n);
  AddRangeNodes(begin, middle, nodes);
  AddRangeNodes(middle, end, nodes);
}

// SUBPROOF(old_end, D[begin:end], whole) of RFC 6962 section 2.1.2; `whole` while the old tree's
// root is known to the verifier.
absl::Status AddSubproof(uint64_t old_end, uint64_t begin, uint64_t end, bool whole, Hasher& hasher,
                         const NodeReader& read, Proof* proof) {
  if (old_end == end) {
    if (whole) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(const Hash hash, RangeHash(begin, end, hasher, read));
    proof->push_back(hash);
    return absl::OkStatus();
  }
  const uint64_t middle = begin + SplitOf(end - begin);
  if (old_end <= middle) {
    MESO_RETURN_IF_ERROR(AddSubproof(old_end, begin, middle, whole, hasher, read, proof));
    MESO_ASSIGN_OR_RETURN(const Hash right, RangeHash(middle, end, hasher, read));
    proof->push_back(right);
  } else {
    MESO_RETURN_IF_ERROR(AddSubproof(old_end, middle, end, false, hasher, read, proof));
    MESO_ASSIGN_OR_RETURN(const Hash left, RangeHash(begin, middle, hasher, read));
    proof->push_back(left);
  }
  return absl::OkStatus();
}

}  // namespace

int RowLength(uint64_t leaf_index) {
  int length = 1;
  while (leaf_index & 1) {
    ++length;
    leaf_index >>= 1;
  }
  return length;
}

absl::StatusOr<Tree> Tree::Load(uint64_t size, Hasher& hasher, const NodeReader& read) {
  Tree tree(hasher);
  uint64_t begin = 0;
  for (int level = 63; level >= 0; --level) {
    const uint64_t width = uint64_t{1} << level;
    if ((size & width) == 0) continue;
    MESO_ASSIGN_OR_RETURN(const Hash peak, read(level, begin >> level));
    tree.peaks_.push_back(peak);
    begin += width;
  }
  tree.size_ = size;
  return tree;
}

const std::vector<Hash>& Tree::Append(const Hash& leaf_hash) {
  row_.assign(1, leaf_hash);
  for (uint64_t rest = size_; rest & 1; rest >>= 1) {
    row_.push_back(hasher_->Node(peaks_.back(), row_.back()));
    peaks_.pop_back();
  }
  peaks_.push_back(row_.back());
  ++size_;
  return row_;
}

Hash Tree::Root() const {
  if (peaks_.empty()) return EmptyRoot();
  Hash root = peaks_.back();
  for (size_t i = peaks_.size() - 1; i > 0; --i) root = hasher_->Node(peaks_[i - 1], root);
  return root;
}

absl::StatusOr<Proof> InclusionProof(uint64_t index, uint64_t size, Hasher& hasher,
                                     const NodeReader& read) {
  MESO_CHECK(index < size, "the leaf is in the tree");
  Proof proof;
  MESO_RETURN_IF_ERROR(AddPath(index, 0, size, hasher, read, &proof));
  return proof;
}

std::vector<NodePlace> InclusionNodes(uint64_t index, uint64_t size) {
  MESO_CHECK(index < size, "the leaf is in the tree");
  std::vector<NodePlace> nodes;
  for (uint64_t begin = 0, end = size; end - begin > 1;) {
    const uint64_t middle = begin + SplitOf(end - begin);
    const bool left = index < middle;
    AddRangeNodes(left ? middle : begin, left ? end : middle, &nodes);
    (left ? end : begin) = middle;
  }
  return nodes;
}

absl::StatusOr<Proof> ConsistencyProof(uint64_t old_size, uint64_t size, Hasher& hasher,
                                       const NodeReader& read) {
  MESO_CHECK(old_size > 0 && old_size <= size, "the old tree is a non-empty prefix");
  Proof proof;
  MESO_RETURN_IF_ERROR(AddSubproof(old_size, 0, size, true, hasher, read, &proof));
  return proof;
}

MemoryTree::MemoryTree(std::vector<Hash> leaf_hashes, Hasher& hasher) : hasher_(&hasher) {
  while (!leaf_hashes.empty()) {
    std::vector<Hash> above;
    above.reserve(leaf_hashes.size() / 2);
    for (size_t i = 1; i < leaf_hashes.size(); i += 2) {
      above.push_back(hasher.Node(leaf_hashes[i - 1], leaf_hashes[i]));
    }
    levels_.push_back(std::exchange(leaf_hashes, std::move(above)));
  }
}

Hash MemoryTree::Root() const {
  if (size() == 0) return EmptyRoot();
  const auto read = [this](int level, uint64_t index) -> absl::StatusOr<Hash> {
    return levels_[static_cast<size_t>(level)][index];
  };
  return *RangeHash(0, size(), *hasher_, read);
}

Proof MemoryTree::Path(uint64_t index) const {
  return *InclusionProof(index, size(), *hasher_,
                         [this](int level, uint64_t at) -> absl::StatusOr<Hash> {
                           return levels_[static_cast<size_t>(level)][at];
                         });
}

// RFC 9162 section 2.1.3.2.
bool VerifyInclusion(const Hash& leaf_hash, uint64_t index, uint64_t size, const Proof& proof,
                     const Hash& root, Hasher& hasher) {
  if (index >= size) return false;
  uint64_t node = index;
  uint64_t last = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) || node == last) {
      hash = hasher.Node(sibling, hash);
      while (!(node & 1) && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = hasher.Node(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162 section 2.1.4.2.
bool VerifyConsistency(uint64_t old_size, uint64_t size, const Proof& proof, const Hash& old_root,
                       const Hash& root, Hasher& hasher) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  Proof path = proof;
  if (IsPowerOfTwo(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return false;
  uint64_t node = old_size - 1;
  uint64_t last = size - 1;
  while (node & 1) {
    node >>= 1;
    last >>= 1;
  }
  Hash old_hash = path[0];
  Hash hash = path[0];
  for (size_t i = 1; i < path.size(); ++i) {
    if (last == 0) return false;
    if ((node & 1) || node == last) {
      old_hash = hasher.Node(path[i], old_hash);
      hash = hasher.Node(path[i], hash);
      while (!(node & 1) && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = hasher.Node(hash, path[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace meso::audit
