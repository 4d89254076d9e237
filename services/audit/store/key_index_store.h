// The key index's rows: runs, their pages and postings, and which runs the newest checkpoint signs.
//
// Functions over a Transaction, as in audit_store.h: they keep and find, decide nothing and check
// no hash. Every one of them may also return what the Database returns. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_KEY_INDEX_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_KEY_INDEX_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/domain/index_page.h"
#include "services/audit/domain/key_index.h"

namespace meso::audit {

// A leaf with the hash that went into the tree. `leaf` is empty when the entry is missing.
struct LeafRow {
  uint64_t index = 0;
  std::string leaf;
  Hash hash = {};
};
// The leaves [begin, end) of the tree, in order.
absl::StatusOr<std::vector<LeafRow>> ListLeafRows(Transaction& tx, uint64_t begin, uint64_t end);

enum class RunState { kBuilding = 0, kPublished = 1, kRetired = 2 };

struct StoredRun {
  int64_t run_id = 0;
  IndexRun run;
};

// By begin, the largest first.
absl::StatusOr<std::vector<StoredRun>> ListRuns(Transaction& tx, RunState state);
// The published run over exactly these entries; nullopt when there is none.
absl::StatusOr<std::optional<StoredRun>> FindRun(Transaction& tx, uint64_t begin, uint64_t end);
// Adds a run without keys so far; returns its id.
absl::StatusOr<int64_t> InsertRun(Transaction& tx, uint64_t begin, uint64_t end);
// Completes a run that was being built.
absl::Status PublishRun(Transaction& tx, int64_t run_id, const IndexRun& run);
absl::Status RetireRun(Transaction& tx, int64_t run_id);
// Deletes at most `pages` pages and a few long postings of a run; true when nothing of it is left
// and its row is gone too.
absl::StatusOr<bool> DeleteRunStep(Transaction& tx, int64_t run_id, int pages);

absl::Status InsertPage(Transaction& tx, int64_t run_id, const IndexPage& page);
struct StoredPage {
  uint64_t number = 0;
  std::string body;
};
// The last page that begins at or before the key; nullopt when the key is before all of them.
absl::StatusOr<std::optional<StoredPage>> FindPage(Transaction& tx, int64_t run_id,
                                                   const Hash& key);
// TREE_INCONSISTENT when it is not there.
absl::StatusOr<StoredPage> LoadPage(Transaction& tx, int64_t run_id, uint64_t number);
// At most `limit` pages from `number` on.
absl::StatusOr<std::vector<StoredPage>> ListPages(Transaction& tx, int64_t run_id, uint64_t number,
                                                  int limit);
// TREE_INCONSISTENT when they are not there.
absl::StatusOr<std::string> LoadPostings(Transaction& tx, int64_t run_id, uint64_t place);
// Reads these nodes of the tree over a run's pages, at once; no other may be asked for.
absl::StatusOr<NodeReader> PageTreeReader(Transaction& tx, int64_t run_id,
                                          const std::vector<NodePlace>& nodes);

// The list of runs signed with the checkpoint of this size.
absl::Status SaveSignedRuns(Transaction& tx, uint64_t tree_size, const std::vector<IndexRun>& runs);
// Drops all lists but those of these sizes.
absl::Status KeepSignedRuns(Transaction& tx, const std::vector<uint64_t>& tree_sizes);
struct SignedRuns {
  uint64_t tree_size = 0;
  std::vector<IndexRun> runs;
};
// The newest first; empty when no checkpoint has an index yet.
absl::StatusOr<std::vector<SignedRuns>> ListSignedRuns(Transaction& tx);
// Those of the checkpoint of this size; nullopt when they are not kept.
absl::StatusOr<std::optional<SignedRuns>> LoadSignedRuns(Transaction& tx, uint64_t tree_size);
// The largest size with a list whose checkpoint has at least so many cosignatures.
absl::StatusOr<std::optional<uint64_t>> FindCosignedSize(Transaction& tx, int cosignatures);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_KEY_INDEX_STORE_H_
