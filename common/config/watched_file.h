// A small file that may be replaced while the process runs: keys, tokens.
//
// Looks at modification time, size and inode at most once a second and reads again when one of them
// changed; a file that has become unreadable keeps its last contents. So does an empty one, which
// somebody may just be writing, unless it is told that empty is a content. Thread-safe.
#ifndef MESO_COMMON_CONFIG_WATCHED_FILE_H_
#define MESO_COMMON_CONFIG_WATCHED_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace meso {

class WatchedFile {
 public:
  struct Contents {
    std::string text;
    int64_t generation = 0;  // counts changes; 0 = never read
  };

  enum class Empty {
    kUnreadable,
    kContent,  // of a list: nobody is on it
  };
  // Reads nothing yet. `clock` outlives the file.
  WatchedFile(std::string path, const Clock& clock, Empty empty = Empty::kUnreadable)
      : path_(std::move(path)), clock_(clock), empty_(empty) {}

  // The newest contents; generation 0 while the file could never be read.
  std::shared_ptr<const Contents> Get();
  const std::string& path() const { return path_; }

 private:
  struct Stamp {
    int64_t modified_ns = -1;
    int64_t size = -1;
    uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };

  const std::string path_;
  const Clock& clock_;
  const Empty empty_;
  absl::Mutex mutex_;
  absl::Time checked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  Stamp stamp_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Contents> contents_ ABSL_GUARDED_BY(mutex_) = std::make_shared<Contents>();
};

}  // namespace meso

#endif  // MESO_COMMON_CONFIG_WATCHED_FILE_H_
