#include "services/audit/checkpoint_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/failpoint.h"
#include "services/audit/domain/checkpoint.h"

namespace meso::audit {
namespace {

constexpr char kFlag[] = "checkpoint_memory_file";
constexpr size_t kFileSizeMax = 64 * 1024;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

int WriteAll(int file, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0 ? 0 : errno;
}

// Of a file no longer than a note may be; what is behind that is damage anyway. 0 or errno.
int ReadAll(const std::string& path, std::string* text) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  char bytes[4096];
  ssize_t got = 0;
  while (text->size() <= kFileSizeMax && (got = read(file, bytes, sizeof(bytes))) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    text->append(bytes, static_cast<size_t>(got));
  }
  const int error = got < 0 ? errno : 0;
  close(file);
  return error;
}

// Makes the file's name durable. 0 or errno.
int SyncDirectory(const std::string& path) {
  const int dir = open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return errno;
  const int error = fsync(dir) == 0 ? 0 : errno;
  close(dir);
  return error;
}

// Beside, durable, then in its place. 0 or errno.
int Replace(const std::string& path, absl::string_view text) {
  const std::string beside = path + ".new";
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  const int error = WriteAll(file, text);
  close(file);
  if (error != 0) return error;
  MESO_FAILPOINT("audit.checkpoint_memory");
  if (rename(beside.c_str(), path.c_str()) != 0) return errno;
  return SyncDirectory(path);
}

std::string Unwritable(const std::string& path, int error) {
  return absl::StrCat("--", kFlag, "=", path, " can't be written (", strerror(error),
                      "). The newest checkpoint is kept there against restored backups; check "
                      "directory and rights.");
}

}  // namespace

absl::StatusOr<std::string> ReadNoteFile(const std::string& flag, const std::string& path) {
  std::string note;
  if (const int error = ReadAll(path, &note); error != 0) {
    return absl::FailedPreconditionError(absl::StrCat("--", flag, "=", path, " can't be read (",
                                                      strerror(error),
                                                      "). Check the file and its rights."));
  }
  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(note);
  if (checkpoint.ok()) return note;
  return absl::FailedPreconditionError(absl::StrCat(
      "--", flag, "=", path,
      " holds no checkpoint of a log: it was damaged or is another file. Put back the file that "
      "was "
      "there; a checkpoint kept by somebody else, of a witness or of `mesoctl audit checkpoint "
      "--save`, will do."));
}

absl::StatusOr<std::optional<std::string>> CheckpointMemory::Read() const {
  if (access(path_.c_str(), F_OK) == 0 || errno != ENOENT) {
    absl::StatusOr<std::string> note = ReadNoteFile(kFlag, path_);
    if (!note.ok()) return note.status();
    return *std::move(note);
  }
  if (access(DirectoryOf(path_).c_str(), W_OK | X_OK) == 0) return std::nullopt;
  return absl::FailedPreconditionError(Unwritable(path_, errno));
}

absl::Status CheckpointMemory::Keep(const std::string& note) const {
  const int error = Replace(path_, note);
  return error == 0 ? absl::OkStatus() : absl::UnavailableError(Unwritable(path_, error));
}

}  // namespace meso::audit
