#include "common/base/local_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

constexpr size_t kPieceSize = 64 << 10;
constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kOthers = 077;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status SyncDirectory(const std::string& path) {
  const int dir = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return FileError("can't open the directory", path);
  absl::Status status;
  // Some file systems have no such thing, and say so.
  if (fsync(dir) != 0 && errno != EINVAL) status = FileError("can't sync the directory", path);
  close(dir);
  return status;
}

// True when it was made, and not there before.
absl::StatusOr<bool> MakeDirectory(const std::string& dir, mode_t mode) {
  if (mkdir(dir.c_str(), mode) == 0) return true;
  if (errno == EEXIST) return false;
  return FileError("can't make the directory", dir);
}

absl::Status Occupied(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(
      path,
      " is there already, and may be evidence: name another file, or overwrite it with "
      "--force"));
}

}  // namespace

absl::Status FileError(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(what, " ", path, ": ", strerror(errno)));
}

bool IsThere(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return FileError("can't read", path);
  std::string content;
  std::string piece(kPieceSize, '\0');
  ssize_t got = 0;
  while ((got = read(file, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) content.append(piece, 0, static_cast<size_t>(got));
  }
  absl::Status status;
  if (got < 0) status = FileError("can't read", path);
  close(file);
  if (!status.ok()) return status;
  return content;
}

absl::StatusOr<std::optional<std::string>> ReadFileIfThere(const std::string& path) {
  // Only what certainly is not there: a file in a directory we may not enter is an error.
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 && errno == ENOENT) return std::nullopt;
  return ReadFile(path);
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  MESO_ASSIGN_OR_RETURN(std::string content, ReadFile(path));
  absl::StripTrailingAsciiWhitespace(&content);
  return content;
}

absl::Status MakePrivateDirectory(const std::string& path, absl::string_view kept) {
  std::string dir = path;
  while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
  // Only the last part gets 0700; parents are made like any directory of the user.
  for (size_t slash = dir.find('/', 1); slash != std::string::npos;
       slash = dir.find('/', slash + 1)) {
    MESO_RETURN_IF_ERROR(MakeDirectory(dir.substr(0, slash), 0755).status());
  }
  MESO_ASSIGN_OR_RETURN(const bool made, MakeDirectory(dir, kPrivateDirectory));
  struct stat info;
  if (stat(dir.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(dir, " is not a directory; name another"));
  }
  if ((info.st_mode & kOthers) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(dir, " can be read by others, and ", kept,
                                                      " are not put there; run: chmod 700 ", dir));
  }
  return made ? SyncDirectory(DirectoryOf(dir)) : absl::OkStatus();
}

absl::Status SyncName(const std::string& path) { return SyncDirectory(DirectoryOf(path)); }

absl::StatusOr<std::unique_ptr<DurableFile>> DurableFile::Begin(const std::string& path,
                                                                IfThere if_there) {
  if (if_there == IfThere::kRefuse && IsThere(path)) return Occupied(path);
  const std::string draft = absl::StrCat(path, ".part");
  // Left by a crash.
  unlink(draft.c_str());
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kPrivateFile);
  if (file < 0) return FileError("can't write", path);
  return std::unique_ptr<DurableFile>(new DurableFile(path, if_there, draft, file));
}

DurableFile::~DurableFile() {
  if (!named_ && HoldsDraft()) unlink(draft_.c_str());
  close(file_);
}

bool DurableFile::HoldsDraft() const {
  struct stat ours;
  struct stat named;
  return fstat(file_, &ours) == 0 && lstat(draft_.c_str(), &named) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

absl::Status DurableFile::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(file_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FileError("can't write", path_);
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return absl::OkStatus();
}

absl::Status DurableFile::Commit() {
  if (fsync(file_) != 0) return FileError("can't write", path_);
  MESO_FAILPOINT("file.before_rename");
  if (!HoldsDraft()) {
    return absl::FailedPreconditionError(
        absl::StrCat("can't write ", path_, ": somebody else is writing it, too"));
  }
  MESO_RETURN_IF_ERROR(GiveName());
  named_ = true;
  MESO_FAILPOINT("file.after_rename");
  return SyncName(path_);
}

absl::Status DurableFile::GiveName() {
  if (if_there_ == IfThere::kRefuse) {
    if (renameat2(AT_FDCWD, draft_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) {
      return absl::OkStatus();
    }
    // Made by somebody while we wrote. A file system that can't tell says EINVAL.
    if (errno == EEXIST || IsThere(path_)) return Occupied(path_);
    if (errno != EINVAL && errno != ENOSYS) return FileError("can't write", path_);
  }
  if (rename(draft_.c_str(), path_.c_str()) != 0) return FileError("can't write", path_);
  return absl::OkStatus();
}

absl::Status WriteDurably(const std::string& path, absl::string_view content,
                          DurableFile::IfThere if_there) {
  MESO_ASSIGN_OR_RETURN(const auto file, DurableFile::Begin(path, if_there));
  MESO_RETURN_IF_ERROR(file->Write(content));
  return file->Commit();
}

}  // namespace meso
