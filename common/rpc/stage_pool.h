// A bounded pool of threads for the stages of calls.
//
// Threads are woken last in, first out: under light load the same few, with warm caches, do all the
// work. Threads begin when they are first needed. New calls wait in a bounded queue and may be
// refused; continuations (a commit has returned) are never refused and go first, since their work
// is nearly done. Thread-safe.
#ifndef MESO_COMMON_RPC_STAGE_POOL_H_
#define MESO_COMMON_RPC_STAGE_POOL_H_

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace meso {

class StagePool {
 public:
  using Task = std::function<void()>;

  StagePool(int threads_max, size_t queue_max);
  ~StagePool();  // Stop()

  // Queues a new call; false when the queue is full or the pool has stopped.
  bool TryPost(Task task);
  // Queues a continuation. After Stop it runs on the calling thread: every call must be finished.
  void Post(Task task);
  // Runs what is queued to its end, then ends the threads. Not from one of them. Idempotent.
  void Stop();
  // New calls that wait.
  size_t Queued() const;

 private:
  struct Worker {
    absl::CondVar wake;
    bool signalled = false;
    std::thread thread;
  };

  void Loop(Worker& worker);
  void WakeOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Take(Task* task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t threads_max_;
  const size_t queue_max_;
  mutable absl::Mutex mutex_;
  std::deque<Task> continuations_ ABSL_GUARDED_BY(mutex_);
  std::deque<Task> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<Worker*> idle_ ABSL_GUARDED_BY(mutex_);  // the last one was busy most recently
  std::vector<std::unique_ptr<Worker>> workers_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace meso

#endif  // MESO_COMMON_RPC_STAGE_POOL_H_
