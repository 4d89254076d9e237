// What a witness remembers on disk: the newest checkpoint it has found good, and the evidence of a
// contradiction.
//
//   DIR/checkpoint.note          the remembered note
//   DIR/refused                  why nothing is cosigned any more; a person removes it
//   DIR/evidence/{time}-{size}/  remembered.note, presented.note, proof.txt, why.txt
//   DIR/lock                     held while a witness runs
//
// Every file is written as local_file.h says: after a crash there is the old content or the new,
// never a part. Thread-compatible; one process at a time per directory.
#ifndef MESO_SERVICES_MESOCTL_WITNESS_STATE_H_
#define MESO_SERVICES_MESOCTL_WITNESS_STATE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::mesoctl {

struct WitnessEvidence {
  std::string why;  // one sentence
  std::string remembered_note;
  std::string presented_note;
  std::optional<audit::Proof> proof;
  uint64_t size = 0;  // of the presented checkpoint
  absl::Time time;
};

class WitnessState {
 public:
  // Makes the directory (mode 0700) if it is not there and locks it. FAILED_PRECONDITION naming the
  // path when it can't be used, others may enter it, or another witness runs on it.
  static absl::StatusOr<std::unique_ptr<WitnessState>> Open(const std::string& dir);
  ~WitnessState();

  // The remembered note; unset before the first contact. DATA_LOSS when it can't be read.
  absl::StatusOr<std::optional<std::string>> Remembered() const;
  // Durable when it returns.
  absl::Status Remember(const std::string& note);

  // The sentence of an unresolved contradiction; unset = none.
  absl::StatusOr<std::optional<std::string>> Refusal() const;
  // Refuses from now on and keeps the evidence; returns the evidence's directory. Durable when it
  // returns. FAILED_PRECONDITION naming the first file that could not be written; the others that
  // could be are there.
  absl::StatusOr<std::string> Refuse(const WitnessEvidence& evidence);

  // The file a person removes to resolve a contradiction.
  std::string refusal_path() const { return dir_ + "/refused"; }

 private:
  WitnessState(std::string dir, int lock) : dir_(std::move(dir)), lock_(lock) {}

  const std::string dir_;
  const int lock_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_WITNESS_STATE_H_
