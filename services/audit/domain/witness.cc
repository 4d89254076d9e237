#include "services/audit/domain/witness.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

using Kind = WitnessVerdict::Kind;

// What to say of a checkpoint of another origin than the witness's keys are of.
std::string OfAnother(const Checkpoint& checkpoint) {
  if (!checkpoint.opening) {
    return absl::StrCat("The checkpoint is of the log ", checkpoint.origin, ", not of this one.");
  }
  return absl::StrCat("The log was opened anew as ", checkpoint.origin, " at entries/",
                      *checkpoint.opening,
                      ": entries were lost before it, and maybe some that are remembered here. "
                      "Whether to follow the new origin is for a person to decide.");
}

// The origin is signed, the key's name is not: a key used for two logs must not mix them up.
absl::StatusOr<Checkpoint> OpenOwn(absl::string_view note, const std::vector<VerifierKey>& keys) {
  const absl::StatusOr<Checkpoint> claimed = ParseCheckpoint(note);
  const auto is_own = [&claimed](const VerifierKey& key) { return key.name == claimed->origin; };
  if (claimed.ok() && std::none_of(keys.begin(), keys.end(), is_own)) {
    return absl::DataLossError(OfAnother(*claimed));
  }
  return OpenCheckpoint(note, keys);
}

WitnessVerdict Contradiction(Checkpoint checkpoint, std::string why) {
  return {Kind::kContradiction, std::move(why), std::move(checkpoint), std::nullopt};
}

// Two checkpoints of one size.
WitnessVerdict JudgeEqual(const Checkpoint& checkpoint, const Checkpoint& remembered) {
  if (checkpoint.root != remembered.root) {
    return Contradiction(checkpoint, absl::StrCat("The log has signed two different trees of ",
                                                  checkpoint.size, " entries."));
  }
  if (checkpoint.index_root != remembered.index_root) {
    return Contradiction(
        checkpoint, absl::StrCat("The log has signed two different key indexes of the tree of ",
                                 checkpoint.size, " entries."));
  }
  return {Kind::kSame, "", checkpoint, std::nullopt};
}

// `earlier` is to be the beginning of `later`; one of them is what `subject` tells about.
absl::StatusOr<WitnessVerdict> JudgeGrowth(const Checkpoint& earlier, const Checkpoint& later,
                                           const Checkpoint& subject, Kind kind,
                                           const ConsistencySource& prove) {
  if (earlier.size == 0) {
    if (earlier.root == EmptyRoot()) return WitnessVerdict{kind, "", subject, std::nullopt};
    return Contradiction(subject, "The log has signed an empty tree that has a root.");
  }
  absl::StatusOr<Proof> proof = prove(earlier.size, later.size);
  if (absl::IsDataLoss(proof.status())) {
    return Contradiction(
        subject, absl::StrCat("The log can't prove its own signature: ", proof.status().message()));
  }
  MESO_RETURN_IF_ERROR(proof.status());
  Hasher hasher;
  if (VerifyConsistency(earlier.size, later.size, *proof, earlier.root, later.root, hasher)) {
    return WitnessVerdict{kind, "", subject, *std::move(proof)};
  }
  WitnessVerdict verdict =
      Contradiction(subject, absl::StrCat("The tree of ", earlier.size,
                                          " entries is not the beginning of that of ", later.size,
                                          ": entries were changed, or the log shows two faces."));
  verdict.proof = *std::move(proof);
  return verdict;
}

}  // namespace

absl::StatusOr<WitnessVerdict> JudgeNewest(absl::string_view note,
                                           const std::vector<VerifierKey>& log_keys,
                                           const std::optional<Checkpoint>& remembered,
                                           const ConsistencySource& prove) {
  const absl::StatusOr<Checkpoint> checkpoint = OpenOwn(note, log_keys);
  if (!checkpoint.ok()) return checkpoint.status();
  if (!remembered) return WitnessVerdict{Kind::kFirst, "", *checkpoint, std::nullopt};
  if (checkpoint->origin != remembered->origin) {
    return Contradiction(*checkpoint, OfAnother(*checkpoint));
  }
  if (checkpoint->size < remembered->size) {
    return Contradiction(*checkpoint,
                         absl::StrCat("The log has been cut back: it had signed ", remembered->size,
                                      " entries and offers ", checkpoint->size, "."));
  }
  if (checkpoint->size == remembered->size) return JudgeEqual(*checkpoint, *remembered);
  return JudgeGrowth(*remembered, *checkpoint, *checkpoint, Kind::kLater, prove);
}

absl::StatusOr<WitnessVerdict> JudgeHeard(absl::string_view note,
                                          const std::vector<VerifierKey>& log_keys,
                                          const Checkpoint& remembered,
                                          const ConsistencySource& prove) {
  const absl::StatusOr<Checkpoint> checkpoint = OpenOwn(note, log_keys);
  if (!checkpoint.ok()) {
    return Error(
        absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
        absl::StrCat("The note says nothing about the log: ", checkpoint.status().message()));
  }
  if (checkpoint->size > remembered.size) {
    return Contradiction(
        *checkpoint, absl::StrCat("The log has been cut back or shows two faces: it has signed ",
                                  checkpoint->size, " entries and offers ", remembered.size, "."));
  }
  if (checkpoint->size == remembered.size) return JudgeEqual(*checkpoint, remembered);
  return JudgeGrowth(*checkpoint, remembered, *checkpoint, Kind::kEarlier, prove);
}

}  // namespace meso::audit
