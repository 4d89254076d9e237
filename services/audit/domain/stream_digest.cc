#include "services/audit/domain/stream_digest.h"

#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace meso::audit {
namespace {
constexpr size_t kPartsWaitingMax = 4;
}  // namespace

class StreamDigest::Worker {
 public:
  Worker() : thread_([this] { Run(); }) {}
  ~Worker() { Stop(true); }

  void Add(Buffer buffer, absl::string_view part) {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::deque<Part>* waiting) { return waiting->size() < kPartsWaitingMax; }, &waiting_));
    waiting_.push_back({std::move(buffer), part});
  }

  Buffer Take(size_t capacity) {
    absl::MutexLock lock(&mutex_);
    if (spare_.empty()) return {};
    Buffer buffer = std::move(spare_.back());
    spare_.pop_back();
    // One that is too small goes: there are never more of them than were under way at once.
    return buffer.capacity < capacity ? Buffer() : std::move(buffer);
  }

  size_t Kept() {
    absl::MutexLock lock(&mutex_);
    return waiting_.size() + spare_.size();
  }

  // After it the hasher is the caller's.
  Hasher& Finish() {
    Stop(false);
    return hasher_;
  }

 private:
  struct Part {
    Buffer buffer;
    absl::string_view bytes;
  };

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_ || !waiting_.empty(); }

  // `abandon`: nobody will ask for the result.
  void Stop(bool abandon) {
    if (!thread_.joinable()) return;
    {
      absl::MutexLock lock(&mutex_);
      ended_ = true;
      if (abandon) waiting_.clear();
    }
    thread_.join();
  }

  void Run() {
    hasher_.Begin();
    for (;;) {
      Part part;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(this, &Worker::HasWork));
        if (waiting_.empty()) return;
        part = std::move(waiting_.front());
        waiting_.pop_front();
      }
      hasher_.Add(part.bytes);
      absl::MutexLock lock(&mutex_);
      spare_.push_back(std::move(part.buffer));
    }
  }

  Hasher hasher_;  // the thread's until it is joined
  absl::Mutex mutex_;
  std::deque<Part> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<Buffer> spare_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

StreamDigest::StreamDigest() = default;
StreamDigest::~StreamDigest() = default;

void StreamDigest::Add(Buffer buffer, absl::string_view part) {
  if (!worker_) worker_ = std::make_unique<Worker>();
  worker_->Add(std::move(buffer), part);
}

StreamDigest::Buffer StreamDigest::Take(size_t capacity) {
  Buffer buffer;
  if (worker_) buffer = worker_->Take(capacity);
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
