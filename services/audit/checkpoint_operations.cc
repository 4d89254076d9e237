#include "services/audit/checkpoint_operations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/outbox.h"
#include "services/audit/domain/errors.h"
#include "services/audit/events/audit_events.h"
#include "services/audit/store/checkpoint_store.h"

namespace meso::audit {
namespace {

absl::StatusOr<CheckpointView> ToView(StoredCheckpoint stored) {
  MESO_ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(stored.note));
  if (checkpoint.size != stored.tree_size) {
    return TreeInconsistent(absl::StrCat("the checkpoint kept for ", stored.tree_size,
                                         " entries is of ", checkpoint.size));
  }
  return CheckpointView{std::move(stored.note), std::move(checkpoint), stored.sign_time};
}

absl::StatusOr<uint64_t> SignedSize(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredCheckpoint> newest, LoadNewestCheckpoint(tx));
  if (!newest) return CheckpointNotYet();
  return newest->tree_size;
}

}  // namespace

absl::StatusOr<CheckpointPage> CheckpointOperations::ListCheckpoints(
    Transaction& tx, const CheckpointListRequest& request) const {
  MESO_ASSIGN_OR_RETURN(std::vector<StoredCheckpoint> stored,
                        ListCheckpointsDown(tx, request.below, request.page_size + 1));
  CheckpointPage page;
  if (stored.size() > static_cast<size_t>(request.page_size)) {
    stored.pop_back();
    page.next_below = stored.back().tree_size;
  }
  for (StoredCheckpoint& checkpoint : stored) {
    MESO_ASSIGN_OR_RETURN(CheckpointView view, ToView(std::move(checkpoint)));
    page.checkpoints.push_back(std::move(view));
  }
  return page;
}

absl::StatusOr<ConsistencyView> CheckpointOperations::GetConsistencyProof(
    Transaction& tx, const ConsistencyRequest& request) const {
  MESO_ASSIGN_OR_RETURN(const uint64_t signed_size, SignedSize(tx));
  const uint64_t wanted = std::max(request.old_size, request.tree_size);
  if (wanted > signed_size) return CheckpointNotYet(wanted, signed_size);
  ConsistencyView view;
  view.old_size = request.old_size;
  view.tree_size = request.tree_size == 0 ? signed_size : request.tree_size;
  Hasher hasher;
  const NodeReader read = TreeReader(tx);
  MESO_ASSIGN_OR_RETURN(view.hashes, ConsistencyProof(view.old_size, view.tree_size, hasher, read));
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredCheckpoint> kept,
                        LoadCheckpoint(tx, view.tree_size));
  // Of a size whose checkpoint was replaced only the caller knows the root.
  if (!kept) return view;
  MESO_ASSIGN_OR_RETURN(CheckpointView checkpoint, ToView(*kept));
  MESO_ASSIGN_OR_RETURN(const Tree old_tree, Tree::Load(view.old_size, hasher, read));
  if (!VerifyConsistency(view.old_size, view.tree_size, view.hashes, old_tree.Root(),
                         checkpoint.checkpoint.root, hasher)) {
    return TreeInconsistent(absl::StrCat("the tree of ", view.old_size,
                                         " entries does not lead to the root signed for ",
                                         view.tree_size, " entries"));
  }
  view.checkpoint_note = std::move(checkpoint.note);
  return view;
}

absl::StatusOr<TileView> CheckpointOperations::GetTile(Transaction& tx,
                                                       const TilePlace& place) const {
  MESO_ASSIGN_OR_RETURN(const uint64_t signed_size, SignedSize(tx));
  const uint64_t leaves = LeavesUnder(place);
  if (leaves > signed_size) return CheckpointNotYet(leaves, signed_size);
  TileView tile{place, ""};
  MESO_ASSIGN_OR_RETURN(tile.hashes, ReadTile(place, TreeReader(tx)));
  return tile;
}

absl::StatusOr<CheckpointView> CheckpointOperations::AddCosignature(
    Transaction& tx, const CallContext& call, const CosignatureRequest& request) const {
  const std::string name = absl::StrCat("checkpoints/", request.tree_size);
  call.audit.object_type = "Checkpoint";
  call.audit.object_name = name;
  MESO_ASSIGN_OR_RETURN(std::optional<StoredCheckpoint> stored,
                        LoadCheckpoint(tx, request.tree_size));
  if (!stored) return ResourceNotFound(name);
  const std::vector<VerifierKey> witnesses = witnesses_();
  for (const VerifierKey& witness : witnesses) {
    const auto checked = CheckCosignature(stored->note, request.line, {witness});
    if (!checked.ok()) return CosignatureInvalid(request.tree_size);
    if (!checked->has_value()) continue;
    call.audit.facts["witness"] = witness.name;
    const std::string key = witness.Encode();
    MESO_ASSIGN_OR_RETURN(const bool has_cosigned, HasCosigned(tx, request.tree_size, key));
    // One word per witness and checkpoint: of two times the first counts.
    if (has_cosigned) return ToView(*std::move(stored));
    MESO_RETURN_IF_ERROR(
        InsertCosignature(tx, {request.tree_size, key, request.line, clock_.Now()}));
    MESO_ASSIGN_OR_RETURN(std::optional<StoredCheckpoint> cosigned,
                          LoadCheckpoint(tx, request.tree_size));
    if (!cosigned) return ResourceNotFound(name);
    MESO_ASSIGN_OR_RETURN(CheckpointView view, ToView(*std::move(cosigned)));
    OutboxEvent event = CheckpointSigned(ids_.NewId(), clock_.Now(), view.checkpoint.origin,
                                         {view.checkpoint.size, view.note, view.sign_time});
    event.trace_parent = call.trace_parent;
    MESO_RETURN_IF_ERROR(AppendEvent(tx, event).status());
    return view;
  }
  return WitnessUnknown();
}

}  // namespace meso::audit
