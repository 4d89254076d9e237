#include "services/audit/checkpoint_memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/local_file.h"
#include "services/audit/domain/checkpoint.h"

namespace meso::audit {
namespace {

constexpr char kFlag[] = "checkpoint_memory_file";

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string Unwritable(const std::string& path, absl::string_view why) {
  return absl::StrCat("--", kFlag, "=", path, " can't be written (", why,
                      "). The newest checkpoint is kept there against restored backups; make room "
                      "there, or check directory and rights.");
}

}  // namespace

absl::StatusOr<std::string> ReadNoteFile(const std::string& flag, const std::string& path) {
  absl::StatusOr<std::string> note = ReadFile(path);
  if (!note.ok()) {
    return absl::FailedPreconditionError(absl::StrCat("--", flag, "=", path, " can't be read (",
                                                      note.status().message(),
                                                      "). Check the file and its rights."));
  }
  if (ParseCheckpoint(*note).ok()) return note;
  return absl::FailedPreconditionError(absl::StrCat(
      "--", flag, "=", path,
      " holds no checkpoint of a log: it was damaged or is another file. Put back the file that "
      "was "
      "there; a checkpoint kept by somebody else, of a witness or of `mesoctl audit checkpoint "
      "--save`, will do."));
}

absl::StatusOr<std::optional<std::string>> CheckpointMemory::Read() const {
  if (IsThere(path_) || errno != ENOENT) {
    absl::StatusOr<std::string> note = ReadNoteFile(kFlag, path_);
    if (!note.ok()) return note.status();
    return *std::move(note);
  }
  if (access(DirectoryOf(path_).c_str(), W_OK | X_OK) == 0) return std::nullopt;
  return absl::FailedPreconditionError(Unwritable(path_, strerror(errno)));
}

absl::Status CheckpointMemory::Keep(const std::string& note) const {
  const absl::Status written = WriteDurably(path_, note);
  return written.ok() ? written : absl::UnavailableError(Unwritable(path_, written.message()));
}

}  // namespace meso::audit
