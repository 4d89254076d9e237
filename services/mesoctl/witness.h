// A witness of an audit log: looks at its newest checkpoint, remembers it, cosigns it.
//
// The decisions are those of services/audit/domain/witness.h, the memory is WitnessState, the log
// is whatever implements WitnessedLog. One step is: refused before? - fetch - judge - persist -
// cosign - hand over; a crash between any two of them leaves a state the next step goes on from. A
// step looks at two checkpoints: the one that most other witnesses have cosigned since, so that a
// busy log, too, has checkpoints all of them have signed, and the newest. Not thread-safe.
#ifndef MESO_SERVICES_MESOCTL_WITNESS_H_
#define MESO_SERVICES_MESOCTL_WITNESS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/audit/domain/witness.h"
#include "services/mesoctl/witness_state.h"

namespace meso::mesoctl {

// A log as a witness meets it.
class WitnessedLog {
 public:
  virtual ~WitnessedLog() = default;
  virtual absl::StatusOr<std::string> NewestNote() = 0;
  // Notes of the newest checkpoints the log keeps, with their cosignatures; kNotesMax are looked
  // at.
  virtual absl::StatusOr<std::vector<std::string>> NewestNotes() = 0;
  virtual absl::StatusOr<audit::Proof> Consistency(uint64_t old_size, uint64_t size) = 0;
  virtual absl::Status AddCosignature(uint64_t size, const std::string& line) = 0;
};

// Notes a witness looks through for what others have cosigned.
inline constexpr size_t kNotesMax = 100;

struct WitnessOptions {
  std::vector<audit::VerifierKey> log_keys;  // of one log; two during a change of its key
  bool trust_first = false;                  // take the first checkpoint that is seen as good
};

class Witness {
 public:
  struct Outcome {
    enum class Kind {
      kCosigned,
      kUnchanged,  // cosigned before
      kRefused,    // a contradiction, now or not resolved yet
    };
    Kind kind = Kind::kUnchanged;
    uint64_t size = 0;
    uint64_t caught_up =
        0;                 // the size that others had cosigned and now this one has, too; 0 = none
    std::string why;       // of kRefused, one sentence
    std::string evidence;  // directory; empty when it was found earlier, or could not be kept
    // Why it could not be kept; then the note that was presented is here and nowhere else.
    std::string not_kept;
    std::string presented;
  };

  // All outlive the witness.
  Witness(WitnessOptions options, const audit::CosigningKey& key, WitnessState& state,
          WitnessedLog& log, const Clock& clock)
      : options_(std::move(options)), key_(key), state_(state), log_(log), clock_(clock) {}

  // Takes a checkpoint got by hand as the first to trust. Where one is remembered already, as after
  // a restart with the same words, that one stays; both of one size must be the same, or it is
  // kRefused, as it is while an earlier refusal stands. DATA_LOSS when the log's signature does not
  // hold.
  absl::StatusOr<Outcome> TrustFirst(const std::string& note);
  // Looks once. Errors: what keeps it from looking (FAILED_PRECONDITION at a first contact nobody
  // has said to trust, DATA_LOSS when what is offered is not signed by the log), or from handing
  // its cosignature over; then everything is as before. A contradiction is kRefused even when it
  // can't be written down.
  absl::StatusOr<Outcome> Step();
  // The same, then holds a note heard from somebody else against what the log offers. Errors: also
  // FIELD_INVALID for a note the log has not signed.
  absl::StatusOr<Outcome> Hear(const std::string& note);

 private:
  // What is remembered; unset before the first contact.
  absl::StatusOr<std::optional<audit::Checkpoint>> Before() const;
  // From judging the note to handing over; unset: the log has replaced it meanwhile.
  absl::StatusOr<std::optional<Outcome>> Look(const std::string& note);
  // Of what is not older than the remembered checkpoint, that which most others have cosigned and
  // this one has not; empty when there is none.
  absl::StatusOr<std::string> MostCosigned();
  // JudgeNewest, and what to do about a note that is not the log's.
  absl::StatusOr<audit::WitnessVerdict> Judge(const std::string& note,
                                              const std::optional<audit::Checkpoint>& remembered);
  absl::StatusOr<audit::Checkpoint> OpenRemembered(const std::string& note) const;
  absl::StatusOr<std::optional<Outcome>> CosignNote(const std::string& note, uint64_t size);
  Outcome Refuse(const audit::WitnessVerdict& verdict, const std::string& note,
                 const std::string& remembered);
  audit::ConsistencySource Prover();

  const WitnessOptions options_;
  const audit::CosigningKey& key_;
  WitnessState& state_;
  WitnessedLog& log_;
  const Clock& clock_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_WITNESS_H_
