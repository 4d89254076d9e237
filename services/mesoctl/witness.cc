#include "services/mesoctl/witness.h"

#include <optional>
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

bool IsReplaced(const absl::Status& status) { return absl::IsNotFound(status); }

}  // namespace

audit::ConsistencySource Witness::Prover() {
  return [this](uint64_t old_size, uint64_t size) { return log_.Consistency(old_size, size); };
}

absl::Status Witness::TrustFirst(const std::string& note) {
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> remembered, state_.Remembered());
  if (remembered) {
    return absl::FailedPreconditionError(
        "a checkpoint is remembered already; the one to trust is given at the first contact only");
  }
  MESO_ASSIGN_OR_RETURN(const Verdict verdict,
                        audit::JudgeNewest(note, options_.log_keys, std::nullopt, Prover()));
  if (verdict.kind == Verdict::Kind::kContradiction) return absl::DataLossError(verdict.why);
  return state_.Remember(note);
}

absl::StatusOr<Witness::Outcome> Witness::Step() {
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> refusal, state_.Refusal());
  if (refusal) return Outcome{Outcome::Kind::kRefused, 0, *refusal, ""};
  absl::Status replaced;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    MESO_ASSIGN_OR_RETURN(const std::optional<std::string> remembered, state_.Remembered());
    std::optional<audit::Checkpoint> before;
    if (remembered) {
      MESO_ASSIGN_OR_RETURN(before, audit::OpenCheckpoint(*remembered, options_.log_keys));
    }
    MESO_ASSIGN_OR_RETURN(const std::string note, log_.NewestNote());
    MESO_ASSIGN_OR_RETURN(const Verdict verdict,
                          audit::JudgeNewest(note, options_.log_keys, before, Prover()));
    if (verdict.kind == Verdict::Kind::kContradiction) {
      // Where nothing is known yet nothing is contradicted: most likely the key given is another.
      if (!remembered) return absl::DataLossError(verdict.why);
      return Refuse(verdict, note, *remembered);
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
    absl::StatusOr<Outcome> outcome = CosignNewest(note, verdict.checkpoint.size);
    if (!IsReplaced(outcome.status())) return outcome;
    replaced = outcome.status();
  }
  return replaced;
}

absl::StatusOr<Witness::Outcome> Witness::CosignNewest(const std::string& note, uint64_t size) {
  if (size == 0) return Outcome{Outcome::Kind::kUnchanged, size, "", ""};  // nothing to vouch for
  const auto opened = audit::OpenCosigned(note, options_.log_keys, {key_.verifier()});
  if (opened.ok() && !opened->cosignatures.empty()) {
    return Outcome{Outcome::Kind::kUnchanged, size, "", ""};
  }
  MESO_ASSIGN_OR_RETURN(const std::string line, audit::Cosign(note, key_, clock_.Now()));
  MESO_RETURN_IF_ERROR(log_.AddCosignature(size, line));
  return Outcome{Outcome::Kind::kCosigned, size, "", ""};
}

absl::StatusOr<Witness::Outcome> Witness::Hear(const std::string& note) {
  MESO_ASSIGN_OR_RETURN(Outcome outcome, Step());
  if (outcome.kind == Outcome::Kind::kRefused) return outcome;
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> remembered, state_.Remembered());
  MESO_ASSIGN_OR_RETURN(const audit::Checkpoint newest,
                        audit::OpenCheckpoint(remembered.value_or(""), options_.log_keys));
  MESO_ASSIGN_OR_RETURN(const Verdict verdict,
                        audit::JudgeHeard(note, options_.log_keys, newest, Prover()));
  if (verdict.kind == Verdict::Kind::kContradiction) return Refuse(verdict, note, *remembered);
  return outcome;
}

absl::StatusOr<Witness::Outcome> Witness::Refuse(const Verdict& verdict, const std::string& note,
                                                 const std::string& remembered) {
  WitnessEvidence evidence;
  evidence.why = verdict.why;
  evidence.remembered_note = remembered;
  evidence.presented_note = note;
  evidence.proof = verdict.proof;
  evidence.size = verdict.checkpoint.size;
  evidence.time = clock_.Now();
  MESO_ASSIGN_OR_RETURN(const std::string dir, state_.Refuse(evidence));
  return Outcome{Outcome::Kind::kRefused, verdict.checkpoint.size, verdict.why, dir};
}

}  // namespace meso::mesoctl
