// The audit log's rows: leaves, tree, keys, sources, checkpoints.
//
// Functions over a Transaction, used by operations only; they keep and find, decide nothing and
// check no hash. Every one of them may also return what the Database returns (STORAGE_UNAVAILABLE,
// DEADLINE_EXCEEDED). No state.
#ifndef MESO_SERVICES_AUDIT_STORE_AUDIT_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_AUDIT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/database/database.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {

// Entries per segment of the key index, and per block of the time index.
inline constexpr uint64_t kKeySegmentSize = 4096;
inline constexpr uint64_t kTimeBlockSize = 1024;
// Levels of the tree in a leaf's own row; those above are kept together, for many paths go by them.
inline constexpr int kTreeRowLevels = 8;

struct StoredSource {
  int64_t source_id = 0;  // 0 = not known yet
  uint64_t last_sequence = 0;
};

// An entry as kept. `leaf` is empty when the row is missing although the tree has one.
struct StoredEntry {
  uint64_t index = 0;
  std::string leaf;
};

struct StoredCheckpoint {
  uint64_t tree_size = 0;
  std::string note;
  absl::Time sign_time;
};

// The number of leaves: rows of the tree.
absl::StatusOr<uint64_t> LoadTreeSize(Transaction& tx);
// The number of leaves kept; other than LoadTreeSize only in a damaged log.
absl::StatusOr<uint64_t> LoadEntryCount(Transaction& tx);
// The leaf's hash and the nodes it completed, of the lowest kTreeRowLevels levels;
// TREE_INCONSISTENT when the row is missing.
absl::StatusOr<std::string> LoadTreeRow(Transaction& tx, uint64_t index);
// Reads nodes for the functions of merkle_tree.h, each row once: the paths of neighbouring entries
// share most of their nodes. Valid as long as `tx`.
NodeReader TreeReader(Transaction& tx);
// The same with the rows of these nodes read at once; one that is missing is told when it is asked
// for.
absl::StatusOr<NodeReader> TreeReader(Transaction& tx, const std::vector<NodePlace>& ahead);

absl::StatusOr<StoredSource> LoadSource(Transaction& tx, const SourcePosition& source);
// Writes the new last number of a source that LoadSource returned as `known`; returns its id.
absl::StatusOr<int64_t> SaveSource(Transaction& tx, const StoredSource& known,
                                   const SourcePosition& last);
// The place of a source's entry; TREE_INCONSISTENT when it is not there.
absl::StatusOr<uint64_t> LoadSourceEntry(Transaction& tx, int64_t source_id, uint64_t sequence);

// Writes one entry with its tree row and its index keys; its payload is PayloadWriter's.
absl::Status AppendEntry(Transaction& tx, const SealedEntry& entry, int64_t source_id,
                         const std::vector<Hash>& row, const std::vector<int64_t>& keys);
// Widens the time span of the block the entry is in.
absl::Status WidenTimeBlock(Transaction& tx, uint64_t index, int64_t time_min_ns,
                            int64_t time_max_ns);

absl::StatusOr<std::optional<StoredEntry>> LoadEntry(Transaction& tx, uint64_t index);
// Those of these entries that are there, in ascending order.
absl::StatusOr<std::vector<StoredEntry>> LoadEntries(Transaction& tx,
                                                     const std::vector<uint64_t>& indexes);
// Entries in [begin, end), newest first.
absl::StatusOr<std::vector<StoredEntry>> ListEntriesDown(Transaction& tx, uint64_t begin,
                                                         uint64_t end);
// Tree rows in [begin, end) with their entries, in order; a missing entry has no leaf.
struct ExportRow {
  StoredEntry entry;
  std::string hashes;
};
absl::StatusOr<std::vector<ExportRow>> ListExportRows(Transaction& tx, uint64_t begin,
                                                      uint64_t end);
// Tree rows alone.
absl::StatusOr<std::vector<ExportRow>> ListTreeRows(Transaction& tx, uint64_t begin, uint64_t end);

// The entries under `key` within one segment and below `before`, newest first. Whole searches go
// through key_search.h.
absl::StatusOr<std::vector<uint64_t>> ListKeySegment(Transaction& tx, uint64_t segment, int64_t key,
                                                     uint64_t before);
// The same entries themselves, oldest first, without a limit.
absl::StatusOr<std::vector<StoredEntry>> ListSegmentEntries(Transaction& tx, uint64_t segment,
                                                            int64_t key);
// At most `limit` time blocks up to `last_block` that overlap [begin_ns, end_ns), newest first.
absl::StatusOr<std::vector<uint64_t>> ListTimeBlocks(Transaction& tx, uint64_t last_block,
                                                     int64_t begin_ns, int64_t end_ns, int limit);

// Checkpoints in ascending size. The note of every checkpoint that is loaded ends with the
// cosignatures it has (checkpoint_store.h).
absl::StatusOr<std::vector<StoredCheckpoint>> ListCheckpoints(Transaction& tx);
absl::StatusOr<std::optional<StoredCheckpoint>> LoadNewestCheckpoint(Transaction& tx);
// The checkpoint of exactly this size; most have been replaced by a newer one.
absl::StatusOr<std::optional<StoredCheckpoint>> LoadCheckpoint(Transaction& tx, uint64_t tree_size);
absl::Status InsertCheckpoint(Transaction& tx, const StoredCheckpoint& checkpoint);
// With its cosignatures.
absl::Status DeleteCheckpoint(Transaction& tx, uint64_t tree_size);

// Verifier keys with the time of their first use, oldest first.
absl::StatusOr<std::vector<std::pair<std::string, absl::Time>>> ListLogKeyRows(Transaction& tx);
// Keeps the key if it is new.
absl::Status SaveLogKey(Transaction& tx, const std::string& verifier_key, absl::Time first_use);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_AUDIT_STORE_H_
