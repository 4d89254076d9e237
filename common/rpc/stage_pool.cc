#include "common/rpc/stage_pool.h"

#include <algorithm>
#include <utility>

namespace meso {

StagePool::StagePool(int threads_max, size_t queue_max)
    : threads_max_(static_cast<size_t>(std::max(1, threads_max))), queue_max_(queue_max) {}

StagePool::~StagePool() { Stop(); }

bool StagePool::TryPost(Task task) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || calls_.size() >= queue_max_) return false;
  calls_.push_back(std::move(task));
  WakeOne();
  return true;
}

void StagePool::Post(Task task) {
  {
    absl::MutexLock lock(&mutex_);
    if (!stopping_) {
      continuations_.push_back(std::move(task));
      WakeOne();
      return;
    }
  }
  task();
}

void StagePool::WakeOne() {
  if (!idle_.empty()) {
    Worker* worker = idle_.back();
    idle_.pop_back();
    worker->signalled = true;
    worker->wake.Signal();
  } else if (workers_.size() < threads_max_) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.thread = std::thread([this, &worker] { Loop(worker); });
  }
}

bool StagePool::Take(Task* task) {
  std::deque<Task>& queue = continuations_.empty() ? calls_ : continuations_;
  if (queue.empty()) return false;
  *task = std::move(queue.front());
  queue.pop_front();
  return true;
}

void StagePool::Loop(Worker& worker) {
  Task task;
  absl::MutexLock lock(&mutex_);
  while (true) {
    if (Take(&task)) {
      mutex_.Unlock();
      task();
      task = nullptr;
      mutex_.Lock();
    } else if (stopping_) {
      return;
    } else {
      worker.signalled = false;
      idle_.push_back(&worker);
      while (!worker.signalled && !stopping_) worker.wake.Wait(&mutex_);
    }
  }
}

void StagePool::Stop() {
  std::vector<std::unique_ptr<Worker>> workers;
  std::deque<Task> left;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    workers.swap(workers_);
    for (const std::unique_ptr<Worker>& worker : workers) worker->wake.Signal();
    // Without a thread nobody would run what is queued.
    if (workers.empty()) left.swap(calls_);
  }
  for (Task& task : left) task();
  for (const std::unique_ptr<Worker>& worker : workers) worker->thread.join();
}

size_t StagePool::Queued() const {
  absl::MutexLock lock(&mutex_);
  return calls_.size();
}

}  // namespace meso
