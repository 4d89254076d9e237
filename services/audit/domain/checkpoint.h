// Signed checkpoints: the log's word on its size and root, in the C2SP tlog-checkpoint and
// signed-note forms, with the witnesses' cosignatures (C2SP tlog-cosignature).
//
//   <origin> \n <size> \n <root in base64> \n [meso-index 1 <index root in base64> \n]
//   [meso-opening 1 <entry> \n] \n — <key name> <base64 of key hash and signature> \n [further
//   signatures]
//
// The log signs with its SigningKey, during a change of keys with two; a witness adds a line made
// with its CosigningKey; anybody verifies with the VerifierKeys given by hand. A line of an unknown
// key is ignored, a bad signature of a known one rejects the note. Further extension lines are
// signed over and otherwise ignored. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_H_
#define MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/note_key.h"

namespace meso::audit {

struct Checkpoint {
  std::string origin;  // the log's name
  uint64_t size = 0;
  Hash root = {};
  // Of the key index; unset in notes of older logs.
  std::optional<Hash> index_root = std::nullopt;
  // The entry that opened this origin after a declared restore (log_opening.h); unset in a log
  // that was never opened anew.
  std::optional<uint64_t> opening = std::nullopt;
  friend bool operator==(const Checkpoint& a, const Checkpoint& b) {
    return std::tie(a.origin, a.size, a.root, a.index_root, a.opening) ==
           std::tie(b.origin, b.size, b.root, b.index_root, b.opening);
  }
  friend bool operator!=(const Checkpoint& a, const Checkpoint& b) { return !(a == b); }
};

// A witness's word: it has seen nothing that contradicts the checkpoint up to this second.
struct Cosignature {
  std::string witness;
  absl::Time time;
};
struct CosignedCheckpoint {
  Checkpoint checkpoint;
  std::vector<Cosignature> cosignatures;  // of known witnesses, one each, in the note's order
};

// The signed note of a checkpoint whose origin is the key's name.
std::string SignCheckpoint(uint64_t size, const Hash& root, const SigningKey& key);
std::string SignCheckpoint(uint64_t size, const Hash& root, const std::optional<Hash>& index_root,
                           const SigningKey& key);
// The same of all a checkpoint says but its origin, which is the key's name.
std::string SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key);
// The note with one more signature of the log. Precondition: a note that parses.
std::string AddSignature(absl::string_view note, const SigningKey& key);

// The line by which a witness cosigns the note's text, without the newline. The time is cut to
// whole seconds. DATA_LOSS / TREE_INCONSISTENT when the note is malformed; its signatures are not
// checked here.
absl::StatusOr<std::string> Cosign(absl::string_view note, const CosigningKey& key,
                                   absl::Time time);
// The note with a signature line, given without its newline, at its end. Precondition: both parse.
std::string AddSignatureLine(absl::string_view note, absl::string_view line);

// Reads a note without checking signatures. DATA_LOSS / TREE_INCONSISTENT when it is malformed.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view note);
// The names of the note's signatures but for its origin's, each once; unchecked like the rest, and
// none of a malformed note.
std::set<std::string> CosignerNames(absl::string_view note);

// Reads a note and checks it: at least one signature by one of `keys` that has the origin's name,
// none of theirs bad. Errors: DATA_LOSS / TREE_INCONSISTENT.
absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note,
                                          const std::vector<VerifierKey>& keys);
// The same, and the cosignatures by `witnesses`: none of theirs bad, none twice. Which of them must
// be there is the caller's decision.
absl::StatusOr<CosignedCheckpoint> OpenCosigned(absl::string_view note,
                                                const std::vector<VerifierKey>& keys,
                                                const std::vector<VerifierKey>& witnesses);

// Checks one cosignature line, without its newline, against a note. Unset when no key of
// `witnesses` made it. DATA_LOSS / TREE_INCONSISTENT when line or note is malformed or the
// signature does not hold.
absl::StatusOr<std::optional<Cosignature>> CheckCosignature(
    absl::string_view note, absl::string_view line, const std::vector<VerifierKey>& witnesses);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_H_
