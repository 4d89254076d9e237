// The newest checkpoint this service has signed, remembered outside of its database.
//
// A backup that is put back knows nothing of what was signed after it was made; this file does, so
// that the service finds out at its start (origin_operations.h). It lies apart from the database
// and its backups, like keys. It holds the note as signed: also what `mesoctl audit verify
// --checkpoint` takes. Every write is whole or not at all, and durable when it returns.
// Thread-compatible.
#ifndef MESO_SERVICES_AUDIT_CHECKPOINT_MEMORY_H_
#define MESO_SERVICES_AUDIT_CHECKPOINT_MEMORY_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace meso::audit {

class CheckpointMemory {
 public:
  explicit CheckpointMemory(std::string path) : path_(std::move(path)) {}

  // The remembered note; unset when there is no file yet. FAILED_PRECONDITION, in one sentence,
  // when the file can't be read, holds no checkpoint, or could not be written.
  absl::StatusOr<std::optional<std::string>> Read() const;
  // Replaces what is remembered. UNAVAILABLE when it can't.
  absl::Status Keep(const std::string& note) const;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

// The checkpoint note in a file that somebody hands over; FAILED_PRECONDITION, with the flag in
// front, when it can't be read or holds none.
absl::StatusOr<std::string> ReadNoteFile(const std::string& flag, const std::string& path);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_CHECKPOINT_MEMORY_H_
