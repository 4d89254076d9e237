// Public keys and checkpoints as flags give them, for whoever verifies: `audit verify` and the
// witness read them alike.
#ifndef MESO_SERVICES_MESOCTL_NOTE_FILES_H_
#define MESO_SERVICES_MESOCTL_NOTE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/note_key.h"

namespace meso::mesoctl {

// The keys in all values of a flag such as "--key": each value is a key, or a file of keys, one a
// line. INVALID_ARGUMENT naming flag and value: a file that can't be read, no key in it, a line
// that is none.
absl::StatusOr<std::vector<audit::VerifierKey>> ReadKeys(absl::string_view flag,
                                                         const std::vector<std::string>& values,
                                                         audit::SignerKind kind);

// The note in the file a flag such as "--checkpoint" names: as the log signed it, or inside the
// JSON of `audit checkpoint -o json`. Signatures are not checked. INVALID_ARGUMENT naming flag and
// file: it can't be read, or holds no checkpoint.
absl::StatusOr<std::string> ReadNote(absl::string_view flag, const std::string& path);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_NOTE_FILES_H_
