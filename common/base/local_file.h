// Files of this machine that must be whole and stay: keys, tokens, checkpoints, bundles, what is
// remembered beside a database.
//
// A file is written beside its name, with mode 0600, synced, renamed, and its directory synced:
// after a crash at any moment there is the old content or the new, never a part, and what was
// reported as written is there. Not for two writers of one name at once: one of them is told.
// Errors, where nothing else is said: FAILED_PRECONDITION naming the path and the system's reason.
#ifndef MESO_COMMON_BASE_LOCAL_FILE_H_
#define MESO_COMMON_BASE_LOCAL_FILE_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso {

// FAILED_PRECONDITION: `what`, the path and the text of errno.
absl::Status FileError(absl::string_view what, const std::string& path);

// Whether the name is taken, by whatever it is.
bool IsThere(const std::string& path);

// The whole content; a directory is an error.
absl::StatusOr<std::string> ReadFile(const std::string& path);
// The same; unset when there is no such file.
absl::StatusOr<std::optional<std::string>> ReadFileIfThere(const std::string& path);
// The same without white space at the end.
absl::StatusOr<std::string> ReadText(const std::string& path);

// Makes the directory, mode 0700, and the ones above it, if they are not there. FAILED_PRECONDITION
// also for one that others may enter; `kept` is what is therefore not put there ("keys").
absl::Status MakePrivateDirectory(const std::string& path, absl::string_view kept);

// Makes the file's name durable, as its directory has it.
absl::Status SyncName(const std::string& path);

// A file that is written piece by piece. Unless it is committed, nothing of it stays.
class DurableFile {
 public:
  enum class IfThere {
    kReplace,
    kRefuse,  // INVALID_ARGUMENT: it may be evidence; --force is named as the way out
  };
  static absl::StatusOr<std::unique_ptr<DurableFile>> Begin(const std::string& path,
                                                            IfThere if_there);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  absl::Status Write(absl::string_view bytes);
  // Gives the file its name, durably. Once, last.
  absl::Status Commit();

 private:
  DurableFile(std::string path, IfThere if_there, std::string draft, int file)
      : path_(std::move(path)), if_there_(if_there), draft_(std::move(draft)), file_(file) {}
  // Whether the draft's name still is the draft: another writer may have taken it.
  bool HoldsDraft() const;
  absl::Status GiveName();

  const std::string path_;
  const IfThere if_there_;
  const std::string draft_;
  int file_;
  bool named_ = false;
};

// A whole file at once.
absl::Status WriteDurably(const std::string& path, absl::string_view content,
                          DurableFile::IfThere if_there = DurableFile::IfThere::kReplace);

}  // namespace meso

#endif  // MESO_COMMON_BASE_LOCAL_FILE_H_
