#include "tests/bench/scenarios.h"

#include <algorithm>
#include <utility>

namespace meso {
namespace {

constexpr int kManyCallers = 64;

}  // namespace

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void RunCells(const BenchSettings& settings, const Cell& cell,
              const std::function<LoadResult(const Arrival&)>& run, Scenario* scenario) {
  double many = 0;
  const auto add = [&](const Arrival& arrival) {
    Cell filled = cell;
    filled.scenario = scenario->name;
    filled.arrival = arrival;
    filled.load = run(arrival);
    if (arrival.rate == 0 && arrival.callers == kManyCallers) many = filled.load.rate;
    scenario->cells.push_back(std::move(filled));
  };
  for (const int callers : settings.callers) add({callers, 0});
  if (settings.open_share > 0 && many > 0) add({0, many * settings.open_share});
}

}  // namespace meso
