// A thread beside its owner that does what it is handed, in order.
//
// The verifier's second and third core: deriving the key index (index_derivation.h) and hashing the
// file (stream_digest.h). What the work writes is the thread's alone until Finish has returned,
// then the owner's. All member functions belong to the owner's thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_SIDE_WORK_H_
#define MESO_SERVICES_AUDIT_DOMAIN_SIDE_WORK_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace meso::audit {

template <typename Item>
class SideWork {
 public:
  // At most `waiting_max` items wait. `work` uses nothing that ends before this.
  SideWork(size_t waiting_max, std::function<void(Item)> work)
      : waiting_max_(waiting_max), work_(std::move(work)), thread_([this] { Run(); }) {}
  // What still waits is not done.
  ~SideWork() { Stop(true); }

  // Waits while as many wait as may. Not after Finish.
  void Hand(Item item) {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &SideWork::HasRoom));
    waiting_.push_back(std::move(item));
  }
  // Returns when all is done.
  void Finish() { Stop(false); }

  size_t waiting() {
    absl::MutexLock lock(&mutex_);
    return waiting_.size();
  }

 private:
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return waiting_.size() < waiting_max_;
  }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_ || !waiting_.empty(); }

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
    for (;;) {
      Item item;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(this, &SideWork::HasWork));
        if (waiting_.empty()) return;
        item = std::move(waiting_.front());
        waiting_.pop_front();
      }
      work_(std::move(item));
    }
  }

  const size_t waiting_max_;
  const std::function<void(Item)> work_;
  absl::Mutex mutex_;
  std::deque<Item> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_SIDE_WORK_H_
