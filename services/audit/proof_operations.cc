// The proving half of audit_operations.h: single entries with the paths that show them in the log.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/errors.h"

namespace meso::audit {
namespace {

// The entry as kept, where the caller may read it, with its bytes compared with what was hashed.
absl::StatusOr<StoredEntry> LoadSoundEntry(Transaction& tx, const CallContext& call,
                                           const ReadingScope& scope, uint64_t index,
                                           Hasher& hasher, Hash* leaf_hash) {
  const std::string name = absl::StrCat("entries/", index);
  MESO_ASSIGN_OR_RETURN(std::optional<StoredEntry> stored, LoadEntry(tx, index));
  if (!stored) return ResourceNotFound(name);
  MESO_ASSIGN_OR_RETURN(const Leaf leaf, DecodeLeaf(stored->leaf, index));
  if (!scope.Covers(leaf)) return ResourceNotFound(name);
  call.audit.object_type = "Entry";
  call.audit.object_name = name;
  call.audit.site = leaf.site;
  *leaf_hash = hasher.Leaf(stored->leaf);
  MESO_ASSIGN_OR_RETURN(const std::string row, LoadTreeRow(tx, index));
  if (absl::string_view(row).substr(0, sizeof(Hash)) != HashView(*leaf_hash)) {
    return LeafMismatch(index, "is not what was hashed into the log");
  }
  return *std::move(stored);
}

}  // namespace

absl::StatusOr<ProvenEntry> AuditOperations::GetEntry(Transaction& tx, const CallContext& call,
                                                      uint64_t index) const {
  Hasher hasher;
  ProvenEntry proven;
  MESO_ASSIGN_OR_RETURN(const ReadingScope scope, AuthorizeReading(tx, call));
  MESO_ASSIGN_OR_RETURN(StoredEntry stored,
                        LoadSoundEntry(tx, call, scope, index, hasher, &proven.leaf_hash));
  PayloadReader payloads(tx, vault_);
  MESO_ASSIGN_OR_RETURN(proven.entry, ToView(std::move(stored), payloads, scope));
  const Leaf& leaf = proven.entry.leaf;
  if (!scope.PayloadOf(leaf).none() &&
      !PartsHold(leaf.schema_version, leaf.commitment, proven.entry.parts, hasher)) {
    return LeafMismatch(index, "has not the payload the log committed to");
  }
  MESO_ASSIGN_OR_RETURN(const std::optional<StoredCheckpoint> newest, LoadNewestCheckpoint(tx));
  if (!newest || newest->tree_size <= index) return proven;
  MESO_ASSIGN_OR_RETURN(proven.proof,
                        InclusionProof(index, newest->tree_size, hasher, TreeReader(tx)));
  proven.proof_tree_size = newest->tree_size;
  proven.checkpoint_note = newest->note;
  return proven;
}

absl::StatusOr<EntryProof> AuditOperations::GetInclusionProof(Transaction& tx,
                                                              const CallContext& call,
                                                              const ProofRequest& request) const {
  Hasher hasher;
  EntryProof proof;
  proof.index = request.index;
  MESO_ASSIGN_OR_RETURN(const ReadingScope scope, AuthorizeReading(tx, call));
  MESO_RETURN_IF_ERROR(
      LoadSoundEntry(tx, call, scope, request.index, hasher, &proof.leaf_hash).status());
  MESO_ASSIGN_OR_RETURN(std::optional<StoredCheckpoint> checkpoint, LoadNewestCheckpoint(tx));
  const uint64_t signed_size = checkpoint ? checkpoint->tree_size : 0;
  const uint64_t least = std::max(request.index + 1, request.tree_size);
  if (least > signed_size) return CheckpointNotYet(least, signed_size);
  proof.tree_size = request.tree_size == 0 ? signed_size : request.tree_size;
  MESO_ASSIGN_OR_RETURN(proof.path,
                        InclusionProof(request.index, proof.tree_size, hasher, TreeReader(tx)));
  if (proof.tree_size != signed_size) {
    MESO_ASSIGN_OR_RETURN(checkpoint, LoadCheckpoint(tx, proof.tree_size));
  }
  // Of a size whose checkpoint was replaced only the caller knows the root.
  if (!checkpoint) return proof;
  MESO_ASSIGN_OR_RETURN(const Checkpoint known, ParseCheckpoint(checkpoint->note));
  if (known.size != proof.tree_size ||
      !VerifyInclusion(proof.leaf_hash, proof.index, proof.tree_size, proof.path, known.root,
                       hasher)) {
    return TreeInconsistent(absl::StrCat("the path of entries/", proof.index,
                                         " does not lead to the root signed for ", proof.tree_size,
                                         " entries"));
  }
  proof.checkpoint_note = checkpoint->note;
  return proof;
}

}  // namespace meso::audit
