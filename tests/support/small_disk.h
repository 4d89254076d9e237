// A file system of a few megabytes, to see what a program does and says when it is full.
//
// A tmpfs, mounted for as long as the object lives; whoever is not root gets a namespace in which
// they may mount. Not thread-safe, and before the process's first thread where it is not root.
#ifndef MESO_TESTS_SUPPORT_SMALL_DISK_H_
#define MESO_TESTS_SUPPORT_SMALL_DISK_H_

#include <cstdint>
#include <string>

namespace meso {

class SmallDisk {
 public:
  // 8 MB at `path`, which is made when it is not there.
  explicit SmallDisk(std::string path);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // False where neither root nor user namespaces are to be had.
  bool mounted() const { return mounted_; }
  // Takes all room but about `left` bytes.
  void Fill(uintmax_t left) const;
  void MakeRoom() const;

 private:
  bool Mount() const;
  static bool BecomeRootOfMyOwn();

  const std::string path_;
  bool mounted_ = false;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_SMALL_DISK_H_
