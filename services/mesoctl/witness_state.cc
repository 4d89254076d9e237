#include "services/mesoctl/witness_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"

namespace meso::mesoctl {
namespace {

absl::StatusOr<std::optional<std::string>> ReadIfThere(const std::string& path) {
  absl::StatusOr<std::optional<std::string>> content = ReadFileIfThere(path);
  if (!content.ok()) return absl::DataLossError(content.status().message());
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

absl::Status KeepEvidence(const std::string& dir, const WitnessEvidence& evidence) {
  MESO_RETURN_IF_ERROR(MakePrivateDirectory(dir.substr(0, dir.rfind('/')), "evidence"));
  MESO_RETURN_IF_ERROR(MakePrivateDirectory(dir, "evidence"));
  MESO_RETURN_IF_ERROR(WriteDurably(dir + "/remembered.note", evidence.remembered_note));
  MESO_RETURN_IF_ERROR(WriteDurably(dir + "/presented.note", evidence.presented_note));
  MESO_RETURN_IF_ERROR(WriteDurably(dir + "/proof.txt", ProofText(evidence.proof)));
  return WriteDurably(dir + "/why.txt", evidence.why + "\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<WitnessState>> WitnessState::Open(const std::string& dir) {
  MESO_RETURN_IF_ERROR(MakePrivateDirectory(dir, "a witness's memory and evidence"));
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
  return WriteDurably(dir_ + "/checkpoint.note", note);
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
  // What stops the witness comes first; the evidence is tried even without it.
  absl::Status status =
      WriteDurably(refusal_path(), absl::StrCat(evidence.why, " Evidence: ", dir, "\n"));
  status.Update(KeepEvidence(dir, evidence));
  if (!status.ok()) return status;
  return dir;
}

}  // namespace meso::mesoctl
