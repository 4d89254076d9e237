#include "services/audit/domain/key_index.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/varint.h"

namespace meso::audit {
namespace {

constexpr absl::string_view kKeyPrefix("\x10", 1);
constexpr absl::string_view kRootPrefix("\x11", 1);

// K of a key named by kind and value in one string.
Hash NameHash(absl::string_view name, Hasher& hasher) {
  hasher.Begin();
  hasher.Add(kKeyPrefix);
  hasher.Add(name);
  return hasher.End();
}

std::vector<Hash> LeafHashes(const std::vector<RunKey>& keys, Hasher& hasher) {
  std::vector<Hash> hashes;
  hashes.reserve(keys.size());
  for (const RunKey& key : keys) hashes.push_back(hasher.Leaf(IndexLeafBytes(key, hasher)));
  return hashes;
}

bool ByKey(const RunKey& a, const RunKey& b) { return a.key < b.key; }

absl::Status ProofBroken(const KeyProof& proof, absl::string_view why) {
  return TreeInconsistent(absl::StrCat("in run ", proof.run, " of its key index ", why));
}

absl::string_view KeyOf(const IndexLeaf& leaf) {
  return absl::string_view(leaf.leaf).substr(0, sizeof(Hash));
}

bool IsInRun(const IndexLeaf& leaf, const IndexRun& run, Hasher& hasher) {
  return leaf.leaf.size() == kIndexLeafSize &&
         VerifyInclusion(hasher.Leaf(leaf.leaf), leaf.place, run.keys, leaf.path, run.root, hasher);
}

absl::StatusOr<std::vector<uint64_t>> CheckFound(const KeyProof& proof, const Hash& key,
                                                 const IndexRun& run, Hasher& hasher) {
  if (proof.left || proof.right) return ProofBroken(proof, "a key is both there and not");
  if (!IsInRun(*proof.found, run, hasher)) {
    return ProofBroken(proof, "a leaf does not lead to the run's root");
  }
  if (KeyOf(*proof.found) != HashView(key)) return ProofBroken(proof, "another key is shown");
  const absl::string_view leaf = proof.found->leaf;
  std::optional<std::vector<uint64_t>> entries = DecodePostings(proof.postings, run.begin, run.end);
  if (!entries || BigEndian64(leaf.substr(sizeof(Hash), 8)) != entries->size() ||
      leaf.substr(sizeof(Hash) + 8) != HashView(hasher.Plain(proof.postings))) {
    return ProofBroken(proof, "the key's entries are not those of its leaf");
  }
  return *std::move(entries);
}

}  // namespace

Hash IndexKeyHash(const Key& key, Hasher& hasher) {
  MESO_CHECK(IsIndexed(key.kind), "requests are not indexed");
  return NameHash(absl::StrCat(std::string(1, static_cast<char>(key.kind)), key.value), hasher);
}

bool RunsCover(const std::vector<IndexRun>& runs, uint64_t size) {
  uint64_t next = 0;
  for (const IndexRun& run : runs) {
    if (run.begin != next || run.end <= run.begin) return false;
    if ((run.keys == 0) != (run.root == EmptyRoot())) return false;
    next = run.end;
  }
  return next == size;
}

Hash IndexRoot(const std::vector<IndexRun>& runs, Hasher& hasher) {
  hasher.Begin();
  hasher.Add(kRootPrefix);
  std::string bytes;
  for (const IndexRun& run : runs) {
    bytes.clear();
    AppendBigEndian64(run.begin, &bytes);
    AppendBigEndian64(run.end, &bytes);
    AppendBigEndian64(run.keys, &bytes);
    bytes.append(HashView(run.root).data(), run.root.size());
    hasher.Add(bytes);
  }
  return hasher.End();
}

std::string EncodePostings(uint64_t begin, const std::vector<uint64_t>& indexes) {
  std::string postings;
  uint64_t last = begin;
  for (const uint64_t index : indexes) {
    MESO_CHECK(index >= last, "postings ascend from the run's begin");
    AppendVarint(index - last, &postings);
    last = index;
  }
  return postings;
}

std::optional<std::vector<uint64_t>> DecodePostings(absl::string_view postings, uint64_t begin,
                                                    uint64_t end) {
  std::vector<uint64_t> indexes;
  uint64_t last = begin;
  while (!postings.empty()) {
    uint64_t step = 0;
    if (!ReadVarint(&postings, &step)) return std::nullopt;
    if (step == 0 && !indexes.empty()) return std::nullopt;
    // `last` is below `end`, so the difference does not wrap.
    if (last >= end || step >= end - last) return std::nullopt;
    last += step;
    indexes.push_back(last);
  }
  if (indexes.empty()) return std::nullopt;
  return indexes;
}

std::string IndexLeafBytes(const Hash& key, uint64_t count, const Hash& postings_digest) {
  std::string bytes;
  bytes.reserve(kIndexLeafSize);
  bytes.append(HashView(key).data(), key.size());
  AppendBigEndian64(count, &bytes);
  bytes.append(HashView(postings_digest).data(), postings_digest.size());
  return bytes;
}

std::string IndexLeafBytes(const RunKey& key, Hasher& hasher) {
  return IndexLeafBytes(key.key, key.count, hasher.Plain(key.postings));
}

void RunBuilder::Add(uint64_t index, const std::vector<Key>& keys) {
  for (const Key& key : keys) {
    if (!IsIndexed(key.kind)) continue;
    name_.assign(1, static_cast<char>(key.kind));
    name_.append(key.value);
    Postings& postings = keys_[name_];
    if (postings.count > 0 && postings.last == index) continue;
    const uint64_t before = postings.count > 0 ? postings.last : begin_;
    MESO_CHECK(index >= before, "entries ascend from the run's begin");
    AppendVarint(index - before, &postings.bytes);
    postings.last = index;
    ++postings.count;
  }
}

std::vector<RunKey> RunBuilder::Finish(Hasher& hasher) {
  std::vector<RunKey> keys;
  keys.reserve(keys_.size());
  for (auto& [name, postings] : keys_) {
    keys.push_back({NameHash(name, hasher), postings.count, std::move(postings.bytes)});
  }
  keys_.clear();
  std::sort(keys.begin(), keys.end(), ByKey);
  return keys;
}

IndexRun SealRun(uint64_t begin, uint64_t end, const std::vector<RunKey>& keys, Hasher& hasher) {
  Tree tree(hasher);
  for (const Hash& hash : LeafHashes(keys, hasher)) tree.Append(hash);
  return {begin, end, keys.size(), tree.Root()};
}

bool PostingsJoiner::Add(uint64_t begin, uint64_t end, absl::string_view postings) {
  const std::optional<std::vector<uint64_t>> entries = DecodePostings(postings, begin, end);
  if (!entries || (count_ > 0 && entries->front() <= last_)) return false;
  for (const uint64_t index : *entries) {
    AppendVarint(index - last_, &bytes_);
    last_ = index;
  }
  count_ += entries->size();
  return true;
}

std::string PostingsJoiner::Take() {
  last_ = begin_;
  count_ = 0;
  return std::exchange(bytes_, std::string());
}

absl::StatusOr<std::vector<RunKey>> MergeRuns(const std::vector<RunPart>& parts) {
  std::vector<RunKey> merged;
  std::vector<size_t> next(parts.size(), 0);
  for (;;) {
    const Hash* least = nullptr;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (next[i] == parts[i].keys.size()) continue;
      const Hash& key = parts[i].keys[next[i]].key;
      if (least == nullptr || key < *least) least = &key;
    }
    if (least == nullptr) return merged;
    RunKey key{*least, 0, ""};
    PostingsJoiner joiner(parts.front().begin);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (next[i] == parts[i].keys.size() || parts[i].keys[next[i]].key != key.key) continue;
      if (!joiner.Add(parts[i].begin, parts[i].end, parts[i].keys[next[i]].postings)) {
        return TreeInconsistent("a run of its key index can't be read");
      }
      ++next[i];
    }
    key.count = joiner.count();
    key.postings = joiner.Take();
    merged.push_back(std::move(key));
  }
}

KeyProof ProveKey(const Hash& key, uint64_t run, const std::vector<RunKey>& keys, Hasher& hasher) {
  MESO_CHECK(!keys.empty(), "a run without keys needs no proof");
  const MemoryTree tree(LeafHashes(keys, hasher), hasher);
  const auto leaf_at = [&](size_t place) {
    return IndexLeaf{place, IndexLeafBytes(keys[place], hasher), tree.Path(place)};
  };
  KeyProof proof;
  proof.run = run;
  const auto at = std::lower_bound(keys.begin(), keys.end(), RunKey{key, 0, ""}, ByKey);
  const size_t place = static_cast<size_t>(at - keys.begin());
  if (at != keys.end() && at->key == key) {
    proof.found = leaf_at(place);
    proof.postings = at->postings;
    return proof;
  }
  if (place > 0) proof.left = leaf_at(place - 1);
  if (place < keys.size()) proof.right = leaf_at(place);
  return proof;
}

absl::StatusOr<std::vector<uint64_t>> CheckKeyProof(const KeyProof& proof, const Hash& key,
                                                    const IndexRun& run, Hasher& hasher) {
  if (proof.found) return CheckFound(proof, key, run, hasher);
  if (!proof.postings.empty()) return ProofBroken(proof, "entries are shown without a key");
  if (!proof.left && !proof.right) return ProofBroken(proof, "nothing is shown");
  for (const std::optional<IndexLeaf>* leaf : {&proof.left, &proof.right}) {
    if (*leaf && !IsInRun(**leaf, run, hasher)) {
      return ProofBroken(proof, "a leaf does not lead to the run's root");
    }
  }
  if (proof.left && KeyOf(*proof.left) >= HashView(key)) {
    return ProofBroken(proof, "the left neighbour is not before the key");
  }
  if (proof.right && KeyOf(*proof.right) <= HashView(key)) {
    return ProofBroken(proof, "the right neighbour is not behind the key");
  }
  // Between neighbours at consecutive places, before the first and behind the last is no leaf.
  const uint64_t right_place = proof.left ? proof.left->place + 1 : 0;
  if (right_place != (proof.right ? proof.right->place : run.keys)) {
    return ProofBroken(proof, "the neighbours are not next to each other");
  }
  return std::vector<uint64_t>();
}

}  // namespace meso::audit
