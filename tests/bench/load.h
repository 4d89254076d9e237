// Closed-loop load: a fixed number of calls in flight over one channel, each finished call starts
// the next.
//
// Uses gRPC's callback client, so that hundreds of callers cost no threads. Latencies are kept
// exactly and sorted at the end.
#ifndef MESO_TESTS_BENCH_LOAD_H_
#define MESO_TESTS_BENCH_LOAD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace meso {

struct LoadResult {
  int calls = 0;
  double seconds = 0;
  double rate = 0;  // calls per second, refused ones included
  double p50_ms = 0;
  double p99_ms = 0;
  std::map<std::string, int> errors;  // "CODE: message" of calls that failed
};

// Starts call number `index` and calls `done` with "" or an error text once it has ended, from any
// thread.
using StartCall = std::function<void(int index, std::function<void(std::string)> done)>;

// Makes `total` calls, `callers` at a time.
LoadResult RunLoad(int callers, int total, const StartCall& start);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_LOAD_H_
