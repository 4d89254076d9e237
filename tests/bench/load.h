// Load on a service: closed loop (a fixed number of callers, each starts its next call when the
// last has ended) or open loop (calls start at a fixed rate whatever the service does).
//
// Uses gRPC's callback client, so that hundreds of callers cost no threads. Latencies are kept
// exactly and sorted at the end. In the open loop a call's latency counts from when it was due, so
// that a service that stalls cannot hide it.
#ifndef MESO_TESTS_BENCH_LOAD_H_
#define MESO_TESTS_BENCH_LOAD_H_

#include <functional>
#include <map>
#include <string>

namespace meso {

struct LoadResult {
  int calls = 0;
  double seconds = 0;
  double rate = 0;  // calls per second, refused ones included
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
  double max_ms = 0;
  std::map<std::string, int> errors;  // error text of calls that failed, how often
};

// Starts call number `index` and calls `done` with "" or an error text once it has ended, from any
// thread.
using StartCall = std::function<void(int index, std::function<void(std::string)> done)>;

// How calls arrive.
struct Arrival {
  int callers = 1;  // closed loop, when `rate` is 0
  double rate = 0;  // open loop: calls per second
};

// Makes `total` calls.
LoadResult RunLoad(const Arrival& arrival, int total, const StartCall& start);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_LOAD_H_
