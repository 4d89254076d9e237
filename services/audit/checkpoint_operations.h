// What the log offers witnesses and mirrors: its checkpoints in pages, consistency proofs, tiles,
// and a place for cosignatures.
//
// One function per use case, each in one transaction; called by rpc/ and by tests. Signing itself
// is AuditOperations::SignCheckpoint. No gRPC, no SQL. Holds no state; thread-safe.
#ifndef MESO_SERVICES_AUDIT_CHECKPOINT_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_CHECKPOINT_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/tile.h"

namespace meso::audit {

struct CheckpointListRequest {
  int page_size = 50;
  uint64_t below = std::numeric_limits<int64_t>::max();  // continue below this size
};
struct CheckpointPage {
  std::vector<CheckpointView> checkpoints;  // largest first
  std::optional<uint64_t> next_below;       // unset on the last page
};

struct ConsistencyRequest {
  uint64_t old_size = 1;
  uint64_t tree_size = 0;  // 0 = the newest checkpoint's; else at least old_size
};
struct ConsistencyView {
  uint64_t old_size = 0;
  uint64_t tree_size = 0;
  Proof hashes;
  std::string checkpoint_note;  // empty when none of that size is kept
};

struct TileView {
  TilePlace place;
  std::string hashes;
};

struct CosignatureRequest {
  uint64_t tree_size = 0;
  std::string line;  // without its newline
};

class CheckpointOperations {
 public:
  // `witnesses` returns the known witnesses' keys, now; all outlive the object.
  CheckpointOperations(const Clock& clock, IdSource& ids,
                       std::function<std::vector<VerifierKey>()> witnesses)
      : clock_(clock), ids_(ids), witnesses_(std::move(witnesses)) {}

  absl::StatusOr<CheckpointPage> ListCheckpoints(Transaction& tx,
                                                 const CheckpointListRequest& request) const;
  // The proof is checked against the signed root of a checkpoint that is kept. CHECKPOINT_NOT_YET,
  // TREE_INCONSISTENT. Precondition: 0 < old_size, and <= tree_size unless that is 0.
  absl::StatusOr<ConsistencyView> GetConsistencyProof(Transaction& tx,
                                                      const ConsistencyRequest& request) const;
  // CHECKPOINT_NOT_YET when the tile reaches beyond what is signed, TREE_INCONSISTENT.
  absl::StatusOr<TileView> GetTile(Transaction& tx, const TilePlace& place) const;
  // Keeps the line, once per witness, and tells the checkpoint in an event. RESOURCE_NOT_FOUND when
  // no checkpoint of this size is kept, WITNESS_UNKNOWN, COSIGNATURE_INVALID.
  absl::StatusOr<CheckpointView> AddCosignature(Transaction& tx, const CallContext& call,
                                                const CosignatureRequest& request) const;

 private:
  const Clock& clock_;
  IdSource& ids_;
  std::function<std::vector<VerifierKey>()> witnesses_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_CHECKPOINT_OPERATIONS_H_
