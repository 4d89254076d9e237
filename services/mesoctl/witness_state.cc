#include "services/mesoctl/witness_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"

namespace meso::mesoctl {
namespace {

absl::Status FileError(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(what, " ", path, ": ", strerror(errno)));
}

absl::Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return FileError("can't make the directory", path);
}

absl::Status SyncDirectory(const std::string& path) {
  const int dir = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return FileError("can't open the directory", path);
  const bool synced = fsync(dir) == 0;
  close(dir);
  return synced ? absl::OkStatus() : FileError("can't sync the directory", path);
}

absl::Status WriteAll(int file, absl::string_view content) {
  while (!content.empty()) {
    const ssize_t wrote = write(file, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return absl::FailedPreconditionError(strerror(errno));
    content.remove_prefix(static_cast<size_t>(wrote));
  }
  return absl::OkStatus();
}

absl::Status WriteDurably(const std::string& dir, absl::string_view name,
                          absl::string_view content) {
  const std::string path = absl::StrCat(dir, "/", name);
  const std::string beside = path + ".new";
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return FileError("can't write", beside);
  const bool written = WriteAll(file, content).ok() && fsync(file) == 0;
  close(file);
  MESO_FAILPOINT("witness.before_rename");
  if (!written || rename(beside.c_str(), path.c_str()) != 0) return FileError("can't write", path);
  return SyncDirectory(dir);
}

absl::StatusOr<std::optional<std::string>> ReadIfThere(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file) return absl::DataLossError(absl::StrCat("can't read ", path));
  return content;
}

std::string ProofText(const std::optional<audit::Proof>& proof) {
  if (!proof) return "no proof was asked for or given\n";
  std::string text;
  for (const audit::Hash& hash : *proof) {
    absl::StrAppend(&text, absl::BytesToHexString(audit::HashView(hash)), "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WitnessState>> WitnessState::Open(const std::string& dir) {
  MESO_RETURN_IF_ERROR(MakeDirectory(dir));
  const std::string path = absl::StrCat(dir, "/lock");
  const int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return FileError("can't open", path);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return absl::FailedPreconditionError(
        absl::StrCat("another witness runs on ", dir, "; stop it, or name another --state"));
  }
  return std::unique_ptr<WitnessState>(new WitnessState(dir, lock));
}

WitnessState::~WitnessState() { close(lock_); }

absl::StatusOr<std::optional<std::string>> WitnessState::Remembered() const {
  return ReadIfThere(dir_ + "/checkpoint.note");
}

absl::Status WitnessState::Remember(const std::string& note) {
  return WriteDurably(dir_, "checkpoint.note", note);
}

absl::StatusOr<std::optional<std::string>> WitnessState::Refusal() const {
  MESO_ASSIGN_OR_RETURN(std::optional<std::string> why, ReadIfThere(refusal_path()));
  if (why) absl::StripTrailingAsciiWhitespace(&*why);
  return why;
}

absl::StatusOr<std::string> WitnessState::Refuse(const WitnessEvidence& evidence) {
  const std::string all = dir_ + "/evidence";
  const std::string dir = absl::StrCat(
      all, "/", absl::FormatTime("%Y%m%dT%H%M%E3SZ", evidence.time, absl::UTCTimeZone()), "-",
      evidence.size);
  MESO_RETURN_IF_ERROR(MakeDirectory(all));
  MESO_RETURN_IF_ERROR(MakeDirectory(dir));
  MESO_RETURN_IF_ERROR(WriteDurably(dir, "remembered.note", evidence.remembered_note));
  MESO_RETURN_IF_ERROR(WriteDurably(dir, "presented.note", evidence.presented_note));
  MESO_RETURN_IF_ERROR(WriteDurably(dir, "proof.txt", ProofText(evidence.proof)));
  MESO_RETURN_IF_ERROR(WriteDurably(dir, "why.txt", evidence.why + "\n"));
  MESO_RETURN_IF_ERROR(SyncDirectory(all));
  MESO_RETURN_IF_ERROR(
      WriteDurably(dir_, "refused", absl::StrCat(evidence.why, " Evidence: ", dir, "\n")));
  return dir;
}

}  // namespace meso::mesoctl
