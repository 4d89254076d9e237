// The refusals that are the audit service's own, each named for the fact. Pure.
//
// None of them ever holds a patient reference: pseudonyms and entry indexes only.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_ERRORS_H_
#define MESO_SERVICES_AUDIT_DOMAIN_ERRORS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meso::audit {

// FAILED_PRECONDITION / SEQUENCE_GAP: entries from `expected` on are missing before `got`.
absl::Status SequenceGap(absl::string_view source, uint64_t expected, uint64_t got);
// DATA_LOSS / LEAF_MISMATCH: the stored bytes of an entry are not those that were hashed, or not
// those sent again.
absl::Status LeafMismatch(uint64_t index, absl::string_view why);
// DATA_LOSS / TREE_INCONSISTENT: stored nodes, rows or checkpoints contradict each other.
absl::Status TreeInconsistent(absl::string_view why);
// DATA_LOSS / TREE_INCONSISTENT: a checkpoint that can't be read or whose signature does not hold.
absl::Status CheckpointBroken(absl::string_view why);
// FAILED_PRECONDITION / CHECKPOINT_NOT_YET: nothing is signed yet.
absl::Status CheckpointNotYet();
// FAILED_PRECONDITION / CHECKPOINT_NOT_YET: a tree of `wanted` leaves is asked for, the newest
// checkpoint covers `signed_size`.
absl::Status CheckpointNotYet(uint64_t wanted, uint64_t signed_size);
// FAILED_PRECONDITION / WITNESS_UNKNOWN: no known witness key made the cosignature.
absl::Status WitnessUnknown();
// FAILED_PRECONDITION / COSIGNATURE_INVALID: the signature does not hold for the checkpoint of this
// size.
absl::Status CosignatureInvalid(uint64_t tree_size);
// INVALID_ARGUMENT / RANGE_TOO_LARGE: more than `limit` entries.
absl::Status TimelineTooLarge(int limit);
// INVALID_ARGUMENT / RANGE_TOO_LARGE: more than `limit` entries to prove under one key.
absl::Status ProofTooLarge(uint64_t limit);
// FAILED_PRECONDITION / CHECKPOINT_NOT_YET: the newest checkpoint has no key index yet.
absl::Status IndexNotYet();
// FAILED_PRECONDITION / CHECKPOINT_NOT_YET: no checkpoint with a key index has so many
// cosignatures.
absl::Status NotCosignedYet(int cosignatures);
// FAILED_PRECONDITION / LEGAL_HOLD: `hold` keeps entries about the patient.
absl::Status KeptByLegalHold(absl::string_view hold, absl::string_view pseudonym);
// FAILED_PRECONDITION / SELF_APPROVAL: who asked to lift the hold can't agree.
absl::Status SelfApproval(absl::string_view hold);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_ERRORS_H_
