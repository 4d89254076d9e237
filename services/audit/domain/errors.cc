#include "services/audit/domain/errors.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace meso::audit {

absl::Status SequenceGap(absl::string_view source, uint64_t expected, uint64_t got) {
  return Error(absl::StatusCode::kFailedPrecondition, "SEQUENCE_GAP",
               absl::StrCat("The log of ", source, " goes on at number ", expected,
                            ", the batch begins at ", got, ". Send from ", expected, " on."))
      .With("source", source)
      .With("expected", absl::StrCat(expected))
      .With("got", absl::StrCat(got));
}

absl::Status LeafMismatch(uint64_t index, absl::string_view why) {
  return Error(absl::StatusCode::kDataLoss, "LEAF_MISMATCH",
               absl::StrCat("entries/", index, " ", why,
                            ". Export the log and verify it before anything else is done."))
      .With("entry", absl::StrCat("entries/", index));
}

absl::Status TreeInconsistent(absl::string_view why) {
  return Error(absl::StatusCode::kDataLoss, "TREE_INCONSISTENT",
               absl::StrCat("The stored log contradicts itself: ", why,
                            ". Export it and verify it, or restore it as declared."));
}

absl::Status CheckpointBroken(absl::string_view why) {
  return Error(absl::StatusCode::kDataLoss, "TREE_INCONSISTENT",
               absl::StrCat("The checkpoint can't be trusted: ", why, "."));
}

absl::Status CheckpointNotYet() {
  return Error(absl::StatusCode::kFailedPrecondition, "CHECKPOINT_NOT_YET",
               "The log has not signed a checkpoint yet. Repeat in a second.");
}

absl::Status CheckpointNotYet(uint64_t wanted, uint64_t signed_size) {
  return Error(absl::StatusCode::kFailedPrecondition, "CHECKPOINT_NOT_YET",
               absl::StrCat("The newest checkpoint covers ", signed_size, " entries, ", wanted,
                            " are asked for. Repeat in a second, or ask for a smaller tree."))
      .With("wanted_size", absl::StrCat(wanted))
      .With("signed_size", absl::StrCat(signed_size));
}

absl::Status WitnessUnknown() {
  return Error(absl::StatusCode::kFailedPrecondition, "WITNESS_UNKNOWN",
               "The cosignature is by no key in --witness_keys_file. Have the witness's public key "
               "added there, one per line.");
}

absl::Status CosignatureInvalid(uint64_t tree_size) {
  return Error(absl::StatusCode::kFailedPrecondition, "COSIGNATURE_INVALID",
               absl::StrCat("The cosignature does not hold for the checkpoint of ", tree_size,
                            " entries. Fetch it again and check it before signing."))
      .With("tree_size", absl::StrCat(tree_size));
}

absl::Status TimelineTooLarge(int limit) {
  return Error(absl::StatusCode::kInvalidArgument, "RANGE_TOO_LARGE",
               absl::StrCat("The timeline has more than ", limit,
                            " entries. Narrow it with start_time and end_time."))
      .With("limit", absl::StrCat(limit));
}

absl::Status ProofTooLarge(uint64_t limit) {
  return Error(absl::StatusCode::kInvalidArgument, "RANGE_TOO_LARGE",
               absl::StrCat("There are more than ", limit,
                            " entries. Export the whole log instead: it proves the same."))
      .With("limit", absl::StrCat(limit));
}

absl::Status IndexNotYet() {
  return Error(absl::StatusCode::kFailedPrecondition, "CHECKPOINT_NOT_YET",
               "The newest checkpoint has no key index yet: the index is catching up with the log. "
               "Repeat in a few seconds, or export the whole log.");
}

absl::Status NotCosignedYet(int cosignatures) {
  return Error(absl::StatusCode::kFailedPrecondition, "CHECKPOINT_NOT_YET",
               absl::StrCat("No checkpoint of the last day with a key index has ", cosignatures,
                            " cosignatures. See that the witnesses run, repeat in a minute, or "
                            "ask for fewer."))
      .With("wanted_cosignatures", absl::StrCat(cosignatures));
}

absl::Status KeptByLegalHold(absl::string_view hold, absl::string_view pseudonym) {
  return Error(absl::StatusCode::kFailedPrecondition, "LEGAL_HOLD",
               absl::StrCat(hold, " keeps entries about pseudonyms/", pseudonym,
                            ", so nothing of them may be erased. Have it lifted by two people, or "
                            "leave them."))
      .With("hold", hold)
      .With("pseudonym", pseudonym);
}

absl::Status SelfApproval(absl::string_view hold) {
  return Error(absl::StatusCode::kFailedPrecondition, "SELF_APPROVAL",
               absl::StrCat("The caller asked to lift ", hold, ". Have another person lift it."))
      .With("name", hold);
}

}  // namespace meso::audit
