#include "services/mesoctl/witness.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"

namespace meso::mesoctl {
namespace {

using Verdict = audit::WitnessVerdict;
// A busy log replaces a checkpoint before its cosignature arrives: then the next one is taken.
constexpr int kAttempts = 5;

}  // namespace

audit::ConsistencySource Witness::Prover() {
  return [this](uint64_t old_size, uint64_t size) { return log_.Consistency(old_size, size); };
}

absl::StatusOr<Verdict> Witness::Judge(const std::string& note,
                                       const std::optional<audit::Checkpoint>& remembered) {
  absl::StatusOr<Verdict> verdict =
      audit::JudgeNewest(note, options_.log_keys, remembered, Prover());
  if (!absl::IsDataLoss(verdict.status())) return verdict;
  return absl::DataLossError(absl::StrCat(
      verdict.status().message(),
      " That is not the log's word, so nothing was taken down or cosigned. See whether "
      "the address is the log's, and whether its key was changed: --log_key may be "
      "given twice."));
}

absl::StatusOr<audit::Checkpoint> Witness::OpenRemembered(const std::string& note) const {
  absl::StatusOr<audit::Checkpoint> checkpoint = audit::OpenCheckpoint(note, options_.log_keys);
  if (checkpoint.ok()) return checkpoint;
  return absl::DataLossError(absl::StrCat(
      "What is remembered can't be used. ", checkpoint.status().message(),
      " If the log's key was changed, give the one before, too: --log_key may be given twice."));
}

absl::StatusOr<Witness::Outcome> Witness::TrustFirst(const std::string& note) {
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> refusal, state_.Refusal());
  if (refusal) return Outcome{.kind = Outcome::Kind::kRefused, .why = *refusal};
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> remembered, state_.Remembered());
  MESO_ASSIGN_OR_RETURN(const Verdict first,
                        audit::JudgeNewest(note, options_.log_keys, std::nullopt, Prover()));
  Outcome nothing_new;
  nothing_new.size = first.checkpoint.size;
  if (!remembered) {
    MESO_RETURN_IF_ERROR(state_.Remember(note));
    return nothing_new;
  }
  MESO_ASSIGN_OR_RETURN(const audit::Checkpoint before, OpenRemembered(*remembered));
  // Of another size only the log could say; it is asked about what is remembered anyway.
  if (first.checkpoint.size != before.size) return nothing_new;
  MESO_ASSIGN_OR_RETURN(const Verdict verdict,
                        audit::JudgeHeard(note, options_.log_keys, before, Prover()));
  if (verdict.kind == Verdict::Kind::kContradiction) return Refuse(verdict, note, *remembered);
  return nothing_new;
}

absl::StatusOr<std::optional<audit::Checkpoint>> Witness::Before() const {
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> remembered, state_.Remembered());
  if (!remembered) return std::nullopt;
  MESO_ASSIGN_OR_RETURN(audit::Checkpoint before, OpenRemembered(*remembered));
  return before;
}

absl::StatusOr<Witness::Outcome> Witness::Step() {
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> refusal, state_.Refusal());
  if (refusal) return Outcome{.kind = Outcome::Kind::kRefused, .why = *refusal};
  uint64_t caught_up = 0;
  MESO_ASSIGN_OR_RETURN(const std::string cosigned, MostCosigned());
  if (!cosigned.empty()) {
    MESO_ASSIGN_OR_RETURN(std::optional<Outcome> outcome, Look(cosigned));
    if (outcome && outcome->kind == Outcome::Kind::kRefused) return *std::move(outcome);
    if (outcome && outcome->kind == Outcome::Kind::kCosigned) caught_up = outcome->size;
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    MESO_ASSIGN_OR_RETURN(const std::string note, log_.NewestNote());
    MESO_ASSIGN_OR_RETURN(std::optional<Outcome> outcome, Look(note));
    if (!outcome) continue;
    outcome->caught_up = caught_up;
    return *std::move(outcome);
  }
  return absl::NotFoundError(absl::StrCat("the log has replaced each of its ", kAttempts,
                                          " newest checkpoints before it was cosigned"));
}

absl::StatusOr<std::string> Witness::MostCosigned() {
  MESO_ASSIGN_OR_RETURN(const std::optional<audit::Checkpoint> before, Before());
  if (!before) return std::string();
  MESO_ASSIGN_OR_RETURN(std::vector<std::string> notes, log_.NewestNotes());
  notes.resize(std::min(notes.size(), kNotesMax));
  std::string chosen;
  std::pair<size_t, uint64_t> most;  // cosignatures, then size
  for (std::string& note : notes) {
    const absl::StatusOr<audit::Checkpoint> offered = audit::ParseCheckpoint(note);
    // Of the remembered size it is one whose cosignature was never handed over.
    if (!offered.ok() || offered->size < before->size) continue;
    const std::set<std::string> names = audit::CosignerNames(note);
    const std::pair<size_t, uint64_t> here = {names.size(), offered->size};
    if (names.empty() || names.count(key_.verifier().name) > 0 || here <= most) continue;
    most = here;
    chosen = std::move(note);
  }
  return chosen;
}

absl::StatusOr<std::optional<Witness::Outcome>> Witness::Look(const std::string& note) {
  MESO_ASSIGN_OR_RETURN(const std::optional<audit::Checkpoint> before, Before());
  MESO_ASSIGN_OR_RETURN(const Verdict verdict, Judge(note, before));
  if (verdict.kind == Verdict::Kind::kContradiction) {
    MESO_ASSIGN_OR_RETURN(const std::optional<std::string> remembered, state_.Remembered());
    return Refuse(verdict, note, remembered.value_or(""));
  }
  if (verdict.kind == Verdict::Kind::kFirst && !options_.trust_first) {
    return absl::FailedPreconditionError(absl::StrCat(
        "nothing is remembered of this log yet; say whether to trust its checkpoint of ",
        verdict.checkpoint.size,
        " entries: --trust_first takes it as it is, --checkpoint FILE begins with one that was "
        "got by hand"));
  }
  // On disk before anybody can have it: a witness that forgot what it had cosigned could be shown
  // another face.
  if (verdict.kind != Verdict::Kind::kSame) MESO_RETURN_IF_ERROR(state_.Remember(note));
  MESO_FAILPOINT("witness.persisted");
  return CosignNote(note, verdict.checkpoint.size);
}

absl::StatusOr<std::optional<Witness::Outcome>> Witness::CosignNote(const std::string& note,
                                                                    uint64_t size) {
  if (size == 0)
    return Outcome{.kind = Outcome::Kind::kUnchanged, .size = size};  // nothing to vouch for
  const auto opened = audit::OpenCosigned(note, options_.log_keys, {key_.verifier()});
  if (opened.ok() && !opened->cosignatures.empty()) {
    return Outcome{.kind = Outcome::Kind::kUnchanged, .size = size};
  }
  MESO_ASSIGN_OR_RETURN(const std::string line, audit::Cosign(note, key_, clock_.Now()));
  const absl::Status added = log_.AddCosignature(size, line);
  if (absl::IsNotFound(added)) return std::nullopt;
  MESO_RETURN_IF_ERROR(added);
  return Outcome{.kind = Outcome::Kind::kCosigned, .size = size};
}

absl::StatusOr<Witness::Outcome> Witness::Hear(const std::string& note) {
  MESO_ASSIGN_OR_RETURN(Outcome outcome, Step());
  if (outcome.kind == Outcome::Kind::kRefused) return outcome;
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> remembered, state_.Remembered());
  MESO_ASSIGN_OR_RETURN(const audit::Checkpoint newest, OpenRemembered(remembered.value_or("")));
  MESO_ASSIGN_OR_RETURN(const Verdict verdict,
                        audit::JudgeHeard(note, options_.log_keys, newest, Prover()));
  if (verdict.kind == Verdict::Kind::kContradiction) return Refuse(verdict, note, *remembered);
  return outcome;
}

Witness::Outcome Witness::Refuse(const Verdict& verdict, const std::string& note,
                                 const std::string& remembered) {
  WitnessEvidence evidence;
  evidence.why = verdict.why;
  evidence.remembered_note = remembered;
  evidence.presented_note = note;
  evidence.proof = verdict.proof;
  evidence.size = verdict.checkpoint.size;
  evidence.time = clock_.Now();
  Outcome outcome = {
      .kind = Outcome::Kind::kRefused, .size = verdict.checkpoint.size, .why = verdict.why};
  const absl::StatusOr<std::string> kept = state_.Refuse(evidence);
  if (kept.ok()) {
    outcome.evidence = *kept;
  } else {
    outcome.not_kept = std::string(kept.status().message());
    outcome.presented = note;
  }
  return outcome;
}

}  // namespace meso::mesoctl
