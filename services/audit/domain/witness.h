// What a witness decides: whether a checkpoint continues everything it has seen of the log before.
//
// A witness remembers one checkpoint per log. It cosigns another only when the log's signature
// holds and a consistency proof shows the remembered tree to be the beginning of the other;
// anything else that is signed contradicts the log's promise never to change or take back an entry,
// and is evidence. What the log has not signed says nothing about it, be it damaged, of another log
// or signed with a key that is not known here; nor is having no answer a contradiction. Stricter
// than a witness must be: the log signs every size once, so one size with two index roots is a
// contradiction too. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_WITNESS_H_
#define MESO_SERVICES_AUDIT_DOMAIN_WITNESS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {

struct WitnessVerdict {
  enum class Kind {
    kFirst,          // nothing is remembered: a person must say whether to trust it
    kSame,           // the remembered one
    kLater,          // grown from the remembered one
    kEarlier,        // the remembered one has grown from it; only of heard checkpoints
    kContradiction,  // `why` says in one sentence
  };
  Kind kind = Kind::kContradiction;
  std::string why;
  Checkpoint checkpoint;       // the one judged
  std::optional<Proof> proof;  // the one that was asked for
};

// Asks the log for the proof that the tree of `old_size` is the beginning of that of `size`.
using ConsistencySource = std::function<absl::StatusOr<Proof>(uint64_t old_size, uint64_t size)>;

// Judges what the log offers as its newest checkpoint. Errors: DATA_LOSS for a note that can't be
// read, is not signed by the log or of another one; those of `prove`, except DATA_LOSS: a log that
// says itself that it can't prove its own signature contradicts it.
absl::StatusOr<WitnessVerdict> JudgeNewest(absl::string_view note,
                                           const std::vector<VerifierKey>& log_keys,
                                           const std::optional<Checkpoint>& remembered,
                                           const ConsistencySource& prove);

// Judges a checkpoint heard from somebody else, after the log's newest was judged and remembered:
// a log that has signed a larger one than it offers has been cut back, or shows another face. A
// note that is not signed by the log is INVALID_ARGUMENT / FIELD_INVALID: it says nothing about the
// log.
absl::StatusOr<WitnessVerdict> JudgeHeard(absl::string_view note,
                                          const std::vector<VerifierKey>& log_keys,
                                          const Checkpoint& remembered,
                                          const ConsistencySource& prove);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_WITNESS_H_
