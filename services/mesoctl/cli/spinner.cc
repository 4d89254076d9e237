#include "services/mesoctl/cli/spinner.h"

#include <utility>

namespace meso::mesoctl {
namespace {

constexpr absl::Duration kFrame = absl::Milliseconds(120);
constexpr char kFrames[] = {'|', '/', '-', '\\'};
constexpr char kClearLine[] = "\r\x1b[K";

}  // namespace

Spinner::Spinner(std::ostream& err, bool visible, std::string label, absl::Duration delay)
    : err_(err), delay_(delay), label_(std::move(label)) {
  if (visible) thread_ = std::thread([this] { Draw(); });
}

Spinner::~Spinner() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  thread_.join();
}

void Spinner::Note(std::string label) {
  absl::MutexLock lock(&mutex_);
  label_ = std::move(label);
}

void Spinner::Draw() {
  absl::MutexLock lock(&mutex_);
  absl::Duration wait = delay_;
  bool drawn = false;
  for (size_t frame = 0;; ++frame) {
    if (mutex_.AwaitWithTimeout(absl::Condition(&ended_), wait)) break;
    err_ << kClearLine << kFrames[frame % sizeof(kFrames)] << " " << label_ << std::flush;
    drawn = true;
    wait = kFrame;
  }
  if (drawn) err_ << kClearLine << std::flush;
}

}  // namespace meso::mesoctl
