// The key index over a transaction: which runs cover the log, what a checkpoint signs of them, and
// opening the index at one key.
//
// Called by SignCheckpoint and by ProveEntries; runs are made by KeyIndexKeeper. Entries that no
// run covers yet, a few hundred at most while the keeper runs, are indexed on the spot. No state.
#ifndef MESO_SERVICES_AUDIT_KEY_INDEX_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_KEY_INDEX_OPERATIONS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/store/audit_store.h"
#include "services/audit/store/key_index_store.h"

namespace meso::audit {

// Entries of the smallest run, and how many runs make the next larger one; none is larger than
// kIndexRunMax, so that whoever derives a run again needs memory for that many entries only.
inline constexpr uint64_t kIndexRunMin = 256;
inline constexpr uint64_t kIndexFanOut = 16;
inline constexpr uint64_t kIndexRunMax = kIndexRunMin * kIndexFanOut * kIndexFanOut * kIndexFanOut;
// Entries indexed on the spot when a checkpoint is signed; with more the checkpoint goes without.
inline constexpr uint64_t kIndexTailMax = 4096;
inline constexpr size_t kProvenEntriesMax = 100000;

// The fewest published runs from the first entry on without a gap.
struct IndexCover {
  std::vector<StoredRun> runs;
  uint64_t end = 0;
};
absl::StatusOr<IndexCover> LoadIndexCover(Transaction& tx);

// The keys of the entries [begin, end), each compared with what was hashed into the log before it
// is believed. LEAF_MISMATCH.
absl::StatusOr<std::vector<RunKey>> KeysOfEntries(Transaction& tx, uint64_t begin, uint64_t end,
                                                  Hasher& hasher);

// The root of the index of the log's `tree_size` entries, noted as what the checkpoint of this size
// signs. nullopt when more than kIndexTailMax entries are in no run yet. LEAF_MISMATCH.
absl::StatusOr<std::optional<Hash>> SealKeyIndex(Transaction& tx, uint64_t tree_size);

// The checkpoint a bundle ends at: the newest or, with `cosignatures`, the newest with a key index
// that at least so many witnesses have cosigned. CHECKPOINT_NOT_YET.
absl::StatusOr<StoredCheckpoint> ChooseCheckpoint(Transaction& tx, int cosignatures);

// A key in all runs that a checkpoint signs.
struct OpenedKey {
  std::vector<KeyProof> proofs;   // of the runs with keys, in order
  std::vector<uint64_t> entries;  // ascending
};
// Checks every proof it returns. RANGE_TOO_LARGE for more than kProvenEntriesMax entries,
// TREE_INCONSISTENT when the stored index is not the one in `runs`, LEAF_MISMATCH.
absl::StatusOr<OpenedKey> OpenKey(Transaction& tx, const Hash& key,
                                  const std::vector<IndexRun>& runs, Hasher& hasher);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_KEY_INDEX_OPERATIONS_H_
