#include "services/mesoctl/progress_bar.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace meso::mesoctl {
namespace {

constexpr absl::Duration kFrame = absl::Milliseconds(80);  // between two drawings
constexpr size_t kBarColumns = 30;
constexpr char kClearLine[] = "\r\x1b[K";

}  // namespace

void ProgressBar::Begin(absl::string_view stage, size_t total) {
  absl::MutexLock lock(&mutex_);
  stage_ = std::string(stage);
  total_ = total;
  done_ = 0;
  begin_ = clock_.Now();
  Draw(begin_);
}

void ProgressBar::Step() {
  absl::MutexLock lock(&mutex_);
  ++done_;
  const absl::Time now = clock_.Now();
  if (now - drawn_ >= kFrame) Draw(now);
}

void ProgressBar::Reach(size_t done) {
  absl::MutexLock lock(&mutex_);
  done_ = done;
  const absl::Time now = clock_.Now();
  if (now - drawn_ >= kFrame) Draw(now);
}

void ProgressBar::End() {
  absl::MutexLock lock(&mutex_);
  if (animated_) err_ << kClearLine;
  err_ << absl::StrFormat("   %-32s %5d in %.1f s\n", stage_, done_,
                          absl::ToDoubleSeconds(clock_.Now() - begin_))
       << std::flush;
}

void ProgressBar::Draw(absl::Time now) {
  drawn_ = now;
  if (!animated_) return;
  const size_t full = total_ == 0 ? 0 : std::min(done_, total_) * kBarColumns / total_;
  std::string bar;
  for (size_t i = 0; i < kBarColumns; ++i) absl::StrAppend(&bar, i < full ? "█" : "░");
  err_ << kClearLine << absl::StrFormat("   %-32s %s %d/%d", stage_, bar, done_, total_)
       << std::flush;
}

}  // namespace meso::mesoctl
