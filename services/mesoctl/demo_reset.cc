#include "services/mesoctl/demo_reset.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"

namespace meso::mesoctl {
namespace {

namespace fs = std::filesystem;

// What deploy/up makes. The keys come last: they show that it is a demo, also to whoever has to
// finish a removal that was broken off.
constexpr const char* kMade[] = {"data",    "log",    "redis", "run",
                                 "exports", "tokens", "pids",  "keys"};
constexpr char kUpLock[] = "lock";
constexpr char kLogKey[] = "audit-log.pub";

// The locks of a directory's users, held so that nobody begins to use it meanwhile.
class Locks {
 public:
  Locks() = default;
  ~Locks() {
    for (const int fd : held_) close(fd);
  }
  Locks(const Locks&) = delete;
  Locks& operator=(const Locks&) = delete;

  // False when somebody else holds it, or may: it can't be opened. A file that is not there is
  // made only with `make`.
  bool Take(const std::string& path, bool make) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0600);
    if (fd < 0) return errno == ENOENT;
    held_.push_back(fd);
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
  }

 private:
  std::vector<int> held_;
};

// The log's name goes last: without it nobody could finish.
void RemoveTree(const fs::path& path, std::error_code& error) {
  if (path.filename() == "keys" && fs::is_directory(fs::symlink_status(path, error))) {
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.path().filename() != kLogKey) fs::remove_all(entry.path(), error);
      if (error) return;
    }
  }
  if (!error) fs::remove_all(path, error);
}

absl::Status InUse(absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat(what,
                   ", so nothing was removed; stop it (Ctrl-C in deploy/up), then run this "
                   "again"));
}

absl::Status LockAll(const std::string& dir, bool dry_run, Locks& locks) {
  if (!locks.Take(absl::StrCat(dir, "/", kUpLock), !dry_run)) {
    return InUse(absl::StrCat("a deploy/up uses ", dir));
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir + "/data", error)) {
    const std::string path = entry.path();
    if (!absl::EndsWith(path, ".db.lock") || locks.Take(path, false)) continue;
    return InUse(
        absl::StrCat("a service has the database ", path.substr(0, path.size() - 5), " open"));
  }
  return absl::OkStatus();
}

absl::Status CheckIsDemo(const std::string& dir, const std::string& first) {
  const std::string key_file = absl::StrCat(dir, "/keys/", kLogKey);
  const absl::StatusOr<std::string> key = ReadText(key_file);
  if (key.ok() && absl::StartsWith(*key, absl::StrCat(kDemoLogName, "+"))) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(first, " is there, but no audit log named ", kDemoLogName, " (", key_file,
                   "): this is no demo, nothing was removed; name the directory that deploy/up "
                   "was given with --state"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ResetDemo(const std::string& state_dir, bool dry_run) {
  std::error_code error;
  if (!fs::is_directory(state_dir, error)) {
    return absl::NotFoundError(
        absl::StrCat("there is no directory ", state_dir,
                     "; name the one that deploy/up was given with --state"));
  }
  std::vector<std::string> there;
  for (const char* name : kMade) {
    std::string path = absl::StrCat(state_dir, "/", name);
    if (fs::exists(fs::symlink_status(path, error))) there.push_back(std::move(path));
  }
  if (there.empty()) return there;
  MESO_RETURN_IF_ERROR(CheckIsDemo(state_dir, there.front()));
  Locks locks;
  MESO_RETURN_IF_ERROR(LockAll(state_dir, dry_run, locks));
  if (dry_run) return there;
  for (const std::string& path : there) {
    RemoveTree(path, error);
    if (error) {
      return absl::UnavailableError(absl::StrCat("can't remove ", path, ": ", error.message(),
                                                 "; mend that and run this again"));
    }
  }
  return there;
}

}  // namespace meso::mesoctl
