#include "services/audit/domain/stream_digest.h"

#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "services/audit/domain/side_work.h"

namespace meso::audit {
namespace {
constexpr size_t kPartsWaitingMax = 4;
}  // namespace

class StreamDigest::Worker {
 public:
  Worker() : work_(kPartsWaitingMax, [this](Part part) { Take(std::move(part)); }) {
    hasher_.Begin();  // before the first part is handed over
  }

  void Add(Buffer buffer, absl::string_view part) { work_.Hand({std::move(buffer), part}); }

  Buffer Spare(size_t capacity) {
    absl::MutexLock lock(&mutex_);
    if (spare_.empty()) return {};
    Buffer buffer = std::move(spare_.back());
    spare_.pop_back();
    // One that is too small goes: there are never more of them than were under way at once.
    return buffer.capacity < capacity ? Buffer() : std::move(buffer);
  }

  // Spare ones first: what the thread moves meanwhile is counted once at most.
  size_t Kept() {
    size_t spare = 0;
    {
      absl::MutexLock lock(&mutex_);
      spare = spare_.size();
    }
    return spare + work_.waiting();
  }

  // After it the hasher is the caller's.
  Hasher& Finish() {
    work_.Finish();
    return hasher_;
  }

 private:
  struct Part {
    Buffer buffer;
    absl::string_view bytes;
  };

  void Take(Part part) {
    hasher_.Add(part.bytes);
    absl::MutexLock lock(&mutex_);
    spare_.push_back(std::move(part.buffer));
  }

  Hasher hasher_;
  absl::Mutex mutex_;
  std::vector<Buffer> spare_ ABSL_GUARDED_BY(mutex_);
  SideWork<Part> work_;  // last: it uses the others
};

StreamDigest::StreamDigest() = default;
StreamDigest::~StreamDigest() = default;

void StreamDigest::Add(Buffer buffer, absl::string_view part) {
  if (!worker_) worker_ = std::make_unique<Worker>();
  worker_->Add(std::move(buffer), part);
}

StreamDigest::Buffer StreamDigest::Take(size_t capacity) {
  Buffer buffer;
  if (worker_) buffer = worker_->Spare(capacity);
  if (buffer.capacity == 0) buffer = {std::unique_ptr<char[]>(new char[capacity]), capacity};
  return buffer;
}

size_t StreamDigest::kept() const { return worker_ ? worker_->Kept() : 0; }

Hash StreamDigest::End(absl::string_view rest) {
  if (worker_) {
    Hasher& hasher = worker_->Finish();
    hasher.Add(rest);
    return hasher.End();
  }
  return Hasher().Plain(rest);
}

}  // namespace meso::audit
