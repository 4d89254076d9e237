#include "services/audit/key_index_operations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/leaf.h"

namespace meso::audit {
namespace {

// Leaves read at a time.
constexpr uint64_t kLeavesPerRead = 1024;

bool KeyBefore(const PageKey& a, const Hash& key) { return a.key < key; }

// One page with all that its leaves' paths need.
class OpenPage {
 public:
  OpenPage(StoredRun run, uint64_t number, std::vector<PageKey> keys, Proof above, Hasher& hasher)
      : run_(std::move(run)),
        number_(number),
        keys_(std::move(keys)),
        above_(std::move(above)),
        tree_(Hashes(keys_, hasher), hasher) {}

  static absl::StatusOr<OpenPage> Make(Transaction& tx, const StoredRun& run,
                                       const StoredPage& stored, Hasher& hasher) {
    std::optional<std::vector<PageKey>> keys = DecodePage(stored.body);
    const uint64_t pages = PagesOf(run.run.keys);
    if (!keys || stored.number >= pages) {
      return TreeInconsistent("a page of its key index can't be read");
    }
    MESO_ASSIGN_OR_RETURN(const NodeReader read,
                          PageTreeReader(tx, run.run_id, InclusionNodes(stored.number, pages)));
    MESO_ASSIGN_OR_RETURN(Proof above, InclusionProof(stored.number, pages, hasher, read));
    return OpenPage(run, stored.number, *std::move(keys), std::move(above), hasher);
  }

  const std::vector<PageKey>& keys() const { return keys_; }
  uint64_t PlaceOf(size_t at) const { return number_ * kIndexPageKeys + at; }
  IndexLeaf LeafAt(size_t at, Hasher& hasher) const {
    IndexLeaf leaf{PlaceOf(at), IndexLeafBytes(keys_[at], hasher), tree_.Path(at)};
    leaf.path.insert(leaf.path.end(), above_.begin(), above_.end());
    return leaf;
  }

 private:
  static std::vector<Hash> Hashes(const std::vector<PageKey>& keys, Hasher& hasher) {
    std::vector<Hash> hashes;
    hashes.reserve(keys.size());
    for (const PageKey& key : keys) hashes.push_back(hasher.Leaf(IndexLeafBytes(key, hasher)));
    return hashes;
  }

  StoredRun run_;
  uint64_t number_;
  std::vector<PageKey> keys_;
  Proof above_;  // from the page's root to the run's
  MemoryTree tree_;
};

// The proof of a key in a stored run. `room` is how many more entries may be returned.
absl::StatusOr<KeyProof> ProveInRun(Transaction& tx, const Hash& key, uint64_t place,
                                    const StoredRun& run, size_t room, Hasher& hasher) {
  KeyProof proof;
  proof.run = place;
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredPage> stored, FindPage(tx, run.run_id, key));
  if (!stored) {
    MESO_ASSIGN_OR_RETURN(const StoredPage first, LoadPage(tx, run.run_id, 0));
    MESO_ASSIGN_OR_RETURN(const OpenPage page, OpenPage::Make(tx, run, first, hasher));
    proof.right = page.LeafAt(0, hasher);
    return proof;
  }
  MESO_ASSIGN_OR_RETURN(const OpenPage page, OpenPage::Make(tx, run, *stored, hasher));
  const auto it = std::lower_bound(page.keys().begin(), page.keys().end(), key, KeyBefore);
  const size_t at = static_cast<size_t>(it - page.keys().begin());
  if (it != page.keys().end() && it->key == key) {
    if (it->count > room) return ProofTooLarge(kProvenEntriesMax);
    proof.found = page.LeafAt(at, hasher);
    proof.postings = it->postings;
    if (it->digest) {
      MESO_ASSIGN_OR_RETURN(proof.postings, LoadPostings(tx, run.run_id, page.PlaceOf(at)));
    }
    return proof;
  }
  if (at > 0) proof.left = page.LeafAt(at - 1, hasher);
  if (at < page.keys().size()) {
    proof.right = page.LeafAt(at, hasher);
  } else if (page.PlaceOf(at) < run.run.keys) {
    MESO_ASSIGN_OR_RETURN(const StoredPage next, LoadPage(tx, run.run_id, stored->number + 1));
    MESO_ASSIGN_OR_RETURN(const OpenPage next_page, OpenPage::Make(tx, run, next, hasher));
    proof.right = next_page.LeafAt(0, hasher);
  }
  return proof;
}

}  // namespace

absl::StatusOr<IndexCover> LoadIndexCover(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(std::vector<StoredRun> runs, ListRuns(tx, RunState::kPublished));
  IndexCover cover;
  // Of those that begin where the cover ends the largest comes first.
  for (StoredRun& stored : runs) {
    if (stored.run.begin != cover.end) continue;
    cover.end = stored.run.end;
    cover.runs.push_back(std::move(stored));
  }
  return cover;
}

absl::StatusOr<std::vector<RunKey>> KeysOfEntries(Transaction& tx, uint64_t begin, uint64_t end,
                                                  Hasher& hasher) {
  RunBuilder builder(begin);
  for (uint64_t at = begin; at < end; at += kLeavesPerRead) {
    const uint64_t stop = std::min(end, at + kLeavesPerRead);
    MESO_ASSIGN_OR_RETURN(const std::vector<LeafRow> rows, ListLeafRows(tx, at, stop));
    if (rows.size() != stop - at) return TreeInconsistent("rows of the tree are missing");
    for (const LeafRow& row : rows) {
      if (hasher.Leaf(row.leaf) != row.hash) {
        return LeafMismatch(row.index, "is not what was hashed into the log");
      }
      MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(row.leaf, row.index));
      builder.Add(row.index, leaf.keys);
    }
  }
  return builder.Finish(hasher);
}

absl::StatusOr<std::optional<Hash>> SealKeyIndex(Transaction& tx, uint64_t tree_size) {
  MESO_ASSIGN_OR_RETURN(const IndexCover cover, LoadIndexCover(tx));
  if (cover.end > tree_size) return TreeInconsistent("its key index covers entries it has not");
  if (tree_size - cover.end > kIndexTailMax) return std::nullopt;
  Hasher hasher;
  std::vector<IndexRun> runs;
  for (const StoredRun& stored : cover.runs) runs.push_back(stored.run);
  if (cover.end < tree_size) {
    MESO_ASSIGN_OR_RETURN(const std::vector<RunKey> keys,
                          KeysOfEntries(tx, cover.end, tree_size, hasher));
    runs.push_back(SealRun(cover.end, tree_size, keys, hasher));
  }
  MESO_RETURN_IF_ERROR(SaveSignedRuns(tx, tree_size, runs));
  return IndexRoot(runs, hasher);
}

absl::StatusOr<StoredCheckpoint> ChooseCheckpoint(Transaction& tx, int cosignatures) {
  if (cosignatures == 0) {
    MESO_ASSIGN_OR_RETURN(std::optional<StoredCheckpoint> newest, LoadNewestCheckpoint(tx));
    if (!newest) return CheckpointNotYet();
    return *std::move(newest);
  }
  MESO_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, FindCosignedSize(tx, cosignatures));
  if (!size) return NotCosignedYet(cosignatures);
  MESO_ASSIGN_OR_RETURN(std::optional<StoredCheckpoint> cosigned, LoadCheckpoint(tx, *size));
  if (!cosigned) return NotCosignedYet(cosignatures);
  return *std::move(cosigned);
}

absl::StatusOr<OpenedKey> OpenKey(Transaction& tx, const Hash& key,
                                  const std::vector<IndexRun>& runs, Hasher& hasher) {
  OpenedKey opened;
  for (size_t i = 0; i < runs.size(); ++i) {
    const IndexRun& run = runs[i];
    if (run.keys == 0) continue;
    const size_t room = kProvenEntriesMax - opened.entries.size();
    MESO_ASSIGN_OR_RETURN(const std::optional<StoredRun> stored, FindRun(tx, run.begin, run.end));
    KeyProof proof;
    if (stored) {
      MESO_ASSIGN_OR_RETURN(proof, ProveInRun(tx, key, i, *stored, room, hasher));
    } else if (run.end - run.begin <= kIndexTailMax) {
      MESO_ASSIGN_OR_RETURN(const std::vector<RunKey> keys,
                            KeysOfEntries(tx, run.begin, run.end, hasher));
      if (keys.empty()) return TreeInconsistent("the keys of its newest entries are gone");
      proof = ProveKey(key, i, keys, hasher);
    } else {
      return TreeInconsistent("a run of its key index is missing");
    }
    MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> entries,
                          CheckKeyProof(proof, key, run, hasher));
    if (entries.size() > room) return ProofTooLarge(kProvenEntriesMax);
    opened.entries.insert(opened.entries.end(), entries.begin(), entries.end());
    opened.proofs.push_back(std::move(proof));
  }
  return opened;
}

}  // namespace meso::audit
