#include "tests/bench/load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
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

  void StartNext() {
    const int index = next.fetch_add(1);
    if (index >= total) return;
    const auto begin = SteadyClock::now();
    start(index, [this, index, begin](std::string error) {
      latencies_ms[static_cast<size_t>(index)] =
          std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
      if (!error.empty()) {
        absl::MutexLock lock(&mutex);
        ++errors[error];
      }
      StartNext();
      if (ended.fetch_add(1) + 1 == total) all_ended.Notify();
    });
  }
};

}  // namespace

LoadResult RunLoad(int callers, int total, const StartCall& start) {
  Run run(start, total);
  const auto begin = SteadyClock::now();
  for (int i = 0; i < callers; ++i) run.StartNext();
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
  result.p99_ms = at(0.99);
  absl::MutexLock lock(&run.mutex);
  result.errors = run.errors;
  return result;
}

}  // namespace meso
