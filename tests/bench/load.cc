#include "tests/bench/load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

namespace meso {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Run {
  const StartCall& start;
  const int total;
  std::vector<double> latencies_ms;  // by call index; each is written once
  std::atomic<int> next{0};
  std::atomic<int> ended{0};
  absl::Mutex mutex;
  std::map<std::string, int> errors ABSL_GUARDED_BY(mutex);
  absl::Notification all_ended;

  Run(const StartCall& start_call, int count)
      : start(start_call), total(count), latencies_ms(static_cast<size_t>(count)) {}

  // Makes one call; `due` is when its latency counts from.
  void Start(int index, SteadyClock::time_point due, bool next) {
    start(index, [this, index, due, next_too = next](std::string error) {
      latencies_ms[static_cast<size_t>(index)] =
          std::chrono::duration<double, std::milli>(SteadyClock::now() - due).count();
      if (!error.empty()) {
        absl::MutexLock lock(&mutex);
        ++errors[error];
      }
      if (next_too) StartNext();
      if (ended.fetch_add(1) + 1 == total) all_ended.Notify();
    });
  }

  void StartNext() {
    const int index = next.fetch_add(1);
    if (index < total) Start(index, SteadyClock::now(), true);
  }

  void StartAtRate(double rate) {
    std::mutex waiting;
    std::condition_variable never;
    std::unique_lock<std::mutex> lock(waiting);
    const auto begin = SteadyClock::now();
    for (int index = 0; index < total; ++index) {
      const auto due = begin + std::chrono::duration_cast<SteadyClock::duration>(
                                   std::chrono::duration<double>(index / rate));
      while (never.wait_until(lock, due) != std::cv_status::timeout) {
      }
      Start(index, due, false);
    }
  }
};

}  // namespace

LoadResult RunLoad(const Arrival& arrival, int total, const StartCall& start) {
  Run run(start, total);
  const auto begin = SteadyClock::now();
  if (arrival.rate > 0) {
    run.StartAtRate(arrival.rate);
  } else {
    for (int i = 0; i < arrival.callers; ++i) run.StartNext();
  }
  run.all_ended.WaitForNotification();
  LoadResult result;
  result.calls = total;
  result.seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  result.rate = total / result.seconds;
  std::sort(run.latencies_ms.begin(), run.latencies_ms.end());
  const auto at = [&](double share) {
    return run.latencies_ms[static_cast<size_t>(share * (total - 1))];
  };
  result.p50_ms = at(0.50);
  result.p90_ms = at(0.90);
  result.p99_ms = at(0.99);
  result.p999_ms = at(0.999);
  result.max_ms = at(1);
  absl::MutexLock lock(&run.mutex);
  result.errors = run.errors;
  return result;
}

}  // namespace meso
