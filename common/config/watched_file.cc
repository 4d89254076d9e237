#include "common/config/watched_file.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

namespace meso {
namespace {

constexpr absl::Duration kCheckInterval = absl::Seconds(1);
constexpr int64_t kSizeMax = 1 << 20;

}  // namespace

std::shared_ptr<const WatchedFile::Contents> WatchedFile::Get() {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  // A clock that was set back must not stop the checks.
  if (contents_->generation > 0 && now >= checked_ && now - checked_ < kCheckInterval) {
    return contents_;
  }
  checked_ = now;
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size > kSizeMax) {
    return contents_;
  }
  const Stamp stamp{int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
                    int64_t{status.st_size}, uint64_t{status.st_ino}};
  if (stamp == stamp_) return contents_;
  std::ifstream file(path_, std::ios::binary);
  std::ostringstream text;
  // Inserting nothing is a failure to a stream.
  const bool is_empty = file && file.peek() == std::ifstream::traits_type::eof() && !file.bad();
  if (!is_empty) text << file.rdbuf();
  if (is_empty ? empty_ != Empty::kContent : !file || !text) return contents_;
  stamp_ = stamp;
  contents_ =
      std::make_shared<const Contents>(Contents{std::move(text).str(), contents_->generation + 1});
  return contents_;
}

}  // namespace meso
