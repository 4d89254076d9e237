#include "tests/support/small_disk.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace meso {

SmallDisk::SmallDisk(std::string path) : path_(std::move(path)) {
  std::filesystem::create_directories(path_);
  mounted_ = Mount() || (BecomeRootOfMyOwn() && Mount());
}

SmallDisk::~SmallDisk() {
  if (mounted_) ::umount(path_.c_str());
}

void SmallDisk::Fill(uintmax_t left) const {
  std::ofstream file(path_ + "/filling", std::ios::binary);
  const std::string block(4096, 'x');
  while (std::filesystem::space(path_).available > left && file) file << block << std::flush;
}

void SmallDisk::MakeRoom() const { std::filesystem::remove(path_ + "/filling"); }

bool SmallDisk::Mount() const {
  return ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=8m") == 0;
}

bool SmallDisk::BecomeRootOfMyOwn() {
  const std::string users = absl::StrCat("0 ", ::getuid(), " 1");
  const std::string groups = absl::StrCat("0 ", ::getgid(), " 1");
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << users;
  std::ofstream("/proc/self/gid_map") << groups;
  return ::getuid() == 0;
}

}  // namespace meso
