#include "tests/faults/pausable_load.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

constexpr int kTriesMax = 4000;

// What a caller repeats: nobody knows whether it happened.
bool IsAccident(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kCancelled || ReasonOf(status) == "REPLY_EXISTS";
}

}  // namespace

void PausableLoad::StartWorkers(int threads, unsigned seed) {
  for (int i = 0; i < threads; ++i) {
    workers_.emplace_back([this, seed, i] { Work(seed + static_cast<unsigned>(i)); });
  }
}

void PausableLoad::StopWorkers() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

void PausableLoad::Resume() {
  absl::MutexLock lock(&mutex_);
  running_ = true;
}

void PausableLoad::Pause() {
  absl::MutexLock lock(&mutex_);
  running_ = false;
  mutex_.Await(absl::Condition(
      +[](int* busy) { return *busy == 0; }, &busy_));
}

bool PausableLoad::WaitForTurn() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](PausableLoad* load) ABSL_EXCLUSIVE_LOCKS_REQUIRED(load->mutex_) {
        return load->running_ || load->stopping_;
      },
      this));
  if (stopping_) return false;
  ++busy_;
  return true;
}

void PausableLoad::Work(unsigned seed) {
  Chance chance(seed);
  while (WaitForTurn()) {
    TakeTurn(chance);
    ++turns_;
    absl::MutexLock lock(&mutex_);
    --busy_;
  }
}

bool PausableLoad::Ask(const char* what, const std::set<std::string>& expected,
                       const std::function<absl::Status()>& call) {
  absl::Status status;
  for (int attempt = 0; attempt < kTriesMax; ++attempt) {
    ++calls_;
    status = call();
    if (status.ok()) return true;
    if (!IsAccident(status)) break;
    ++repeated_;
    PauseBetweenLooks();
  }
  if (expected.count(ReasonOf(status)) > 0) return false;
  absl::MutexLock lock(&mutex_);
  unexpected_.push_back(absl::StrCat(what, ": ", status.ToString()));
  return false;
}

}  // namespace meso
