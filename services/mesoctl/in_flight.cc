#include "services/mesoctl/in_flight.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "common/base/status_macros.h"

namespace meso::mesoctl {

absl::Status ForEachInFlight(size_t count, int streams,
                             const std::function<absl::Status(size_t)>& work) {
  std::vector<absl::Status> results(count);
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::vector<std::thread> threads;
  const size_t width = std::min(count, static_cast<size_t>(std::max(streams, 1)));
  for (size_t i = 0; i < width; ++i) {
    threads.emplace_back([&] {
      while (!failed) {
        const size_t number = next++;
        if (number >= count) return;
        results[number] = work(number);
        if (!results[number].ok()) failed = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (absl::Status& result : results) MESO_RETURN_IF_ERROR(std::move(result));
  return absl::OkStatus();
}

}  // namespace meso::mesoctl
