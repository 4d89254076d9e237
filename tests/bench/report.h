// What a benchmark found: cells (a load and its raw limit) and single figures, as a table, as JSON,
// against gates and against an earlier run.
//
// Only ratios are compared: absolute rates belong to the machine and the hour.
#ifndef MESO_TESTS_BENCH_REPORT_H_
#define MESO_TESTS_BENCH_REPORT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/load.h"

namespace meso {

// Calls per second that SQLite alone could do.
struct Floor {
  double single = 0;   // one transaction per commit
  double grouped = 0;  // 32 transactions per commit
};

struct Cell {
  std::string scenario;  // "draw"
  std::string name;      // "DrawStock"
  Arrival arrival;
  LoadResult load;
  Floor floor;  // zeros when there is none to compare with
};

// A figure beside the cells: a time, a ratio, a rate. With a promise it is a gate.
struct Figure {
  enum class Promise { kNone, kAtMost, kAtLeast };
  std::string name;
  double found = 0;
  std::string unit;
  Promise promise = Promise::kNone;
  double promised = 0;
};
Figure AtMost(std::string name, double found, std::string unit, double promised);
Figure AtLeast(std::string name, double found, std::string unit, double promised);
// A figure of zero, without end, or none at all was not measured: it keeps no promise.
bool IsKept(const Figure& figure);

struct Scenario {
  std::string name;
  std::vector<std::pair<std::string, Floor>> floors;  // part, its raw limit
  std::vector<Cell> cells;
  std::vector<Figure> figures;
};

class Report {
 public:
  // `slow_fsync_us`: by how much every fsync of the run was made slower.
  explicit Report(int slow_fsync_us = 0) : slow_fsync_us_(slow_fsync_us) {}

  // Prints the scenario and keeps it.
  void Add(Scenario scenario);
  // Calls that failed, over all cells.
  int failures() const { return failures_; }
  // Writes all cells, floors and figures. Errors: the file cannot be written.
  absl::Status WriteJson(const std::string& file) const;
  // Reads an earlier run's JSON. Errors: the file is none, or was measured with another fsync.
  absl::Status CompareWith(const std::string& file);
  // Prints each ratio (of a cell to its raw limit, or promised as a figure) beside the earlier one;
  // returns how many are worse by more than a fifth. Errors: the runs have no ratio in common.
  absl::StatusOr<int> CountWorse() const;
  // Prints the promises that apply to what was run; returns how many are missed. With a slow fsync
  // the promise of group commit is checked instead of draw's and book's ratios. A scenario that
  // promises something of 64 callers and ran without them counts as one missed, and so does a run
  // in which nothing was promised.
  int CheckGates() const;

 private:
  int slow_fsync_us_;
  std::map<std::string, double> before_;  // the ratios of the earlier run
  std::vector<Scenario> scenarios_;
  int failures_ = 0;
};

}  // namespace meso

#endif  // MESO_TESTS_BENCH_REPORT_H_
