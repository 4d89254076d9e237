#include "tests/bench/report.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

constexpr double kWorseBy = 0.2;

std::string ArrivalText(const Arrival& arrival) {
  return arrival.rate > 0
             ? absl::StrCat("open, ", static_cast<int>(arrival.rate), "/s due")
             : absl::StrCat(arrival.callers, " caller", arrival.callers == 1 ? "" : "s");
}

// The same cell has the same key in every run; the rate of an open loop follows the machine.
std::string Key(const Cell& cell) {
  return absl::StrCat(cell.scenario, " / ", cell.name, " / ",
                      cell.arrival.rate > 0 ? "open" : absl::StrCat(cell.arrival.callers));
}

double Ratio(const Cell& cell) {
  return cell.floor.grouped > 0 ? cell.load.rate / cell.floor.grouped : 0;
}

void PrintCell(const Cell& cell) {
  const LoadResult& load = cell.load;
  std::printf("  %-17s %-18s %8.0f/s  %8.2f %8.2f %8.2f %8.2f %8.2f", cell.name.c_str(),
              ArrivalText(cell.arrival).c_str(), load.rate, load.p50_ms, load.p90_ms, load.p99_ms,
              load.p999_ms, load.max_ms);
  if (cell.floor.grouped > 0 && cell.arrival.rate == 0) {
    std::printf("  %5.2f %5.2f", load.rate / cell.floor.grouped, load.rate / cell.floor.single);
  }
  std::printf("\n");
  for (const auto& [error, count] : load.errors) {
    std::printf("    %d failed: %s\n", count, error.c_str());
  }
}

constexpr char kTimes[] = "times";

// What can be compared between runs: ratios. Rates and times belong to the machine and the hour.
struct Comparable {
  double value = 0;
  bool more_is_better = true;
};
using Comparables = std::map<std::string, Comparable>;

Comparables RatiosOf(const std::vector<Scenario>& scenarios) {
  Comparables ratios;
  for (const Scenario& scenario : scenarios) {
    for (const Cell& cell : scenario.cells) {
      if (Ratio(cell) > 0 && cell.arrival.rate == 0) ratios[Key(cell)] = {Ratio(cell), true};
    }
    for (const Figure& figure : scenario.figures) {
      if (figure.unit != kTimes || figure.promise == Figure::Promise::kNone) continue;
      ratios[absl::StrCat(scenario.name, " / ", figure.name)] = {
          figure.found, figure.promise == Figure::Promise::kAtLeast};
    }
  }
  return ratios;
}

absl::Status NoEarlierRun(const std::string& file) {
  return absl::InvalidArgumentError(absl::StrCat(file, " is no JSON of an earlier run"));
}

// The ratios of an earlier run. Errors: the file is none, or its disk was slowed otherwise.
absl::StatusOr<std::map<std::string, double>> ReadRatios(const std::string& file,
                                                         int slow_fsync_us) {
  std::ifstream in(file);
  const nlohmann::json root = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object() || !root.contains("ratios") || !root["ratios"].is_object() ||
      !root.contains("slow_fsync_us") || !root["slow_fsync_us"].is_number_integer()) {
    return NoEarlierRun(file);
  }
  if (const int before = root["slow_fsync_us"].get<int>(); before != slow_fsync_us) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " was measured with --slow_fsync_us=", before, ", this run with ",
                     slow_fsync_us, ": they can't be compared"));
  }
  std::map<std::string, double> ratios;
  for (const auto& [key, value] : root["ratios"].items()) {
    if (!value.is_number()) return NoEarlierRun(file);
    ratios[key] = value.get<double>();
  }
  return ratios;
}

// "1.05 times, at most 1.20".
std::string FigureText(const Figure& figure) {
  const auto number = [](double value) {
    return std::abs(value) >= 1000 ? absl::StrFormat("%.0f", value)
                                   : absl::StrFormat("%.2f", value);
  };
  std::string text = absl::StrCat(number(figure.found), " ", figure.unit);
  if (figure.promise == Figure::Promise::kNone) return text;
  const bool at_most = figure.promise == Figure::Promise::kAtMost;
  return absl::StrCat(text, ", promised at ", at_most ? "most " : "least ",
                      number(figure.promised));
}

// The promises of a scenario's cells; those of its figures stand in them.
std::vector<Figure> PromisesOfCells(const Scenario& scenario, bool slow_fsync) {
  constexpr int kCallers = 64;
  std::vector<Figure> promises;
  for (const Cell& cell : scenario.cells) {
    if (cell.arrival.rate > 0 || cell.arrival.callers != kCallers) continue;
    if (scenario.name == "draw" && slow_fsync) {
      promises.push_back(AtLeast("draw at 64 / raw one per commit, with slow fsync",
                                 cell.load.rate / cell.floor.single, "times", 10));
    } else if (scenario.name == "draw") {
      promises.push_back(AtLeast("draw at 64 / raw grouped", Ratio(cell), "times", 0.4));
    } else if (scenario.name == "book") {
      promises.push_back(AtLeast("book at 64 / raw grouped", Ratio(cell), "times", 0.25));
    }
  }
  return promises;
}

}  // namespace

Figure AtMost(std::string name, double found, std::string unit, double promised) {
  return {std::move(name), found, std::move(unit), Figure::Promise::kAtMost, promised};
}

Figure AtLeast(std::string name, double found, std::string unit, double promised) {
  return {std::move(name), found, std::move(unit), Figure::Promise::kAtLeast, promised};
}

bool IsKept(const Figure& figure) {
  if (!std::isfinite(figure.found) || figure.found <= 0) return false;
  return figure.promise == Figure::Promise::kAtMost ? figure.found <= figure.promised
                                                    : figure.found >= figure.promised;
}

void Report::Add(Scenario scenario) {
  std::printf("%s\n", scenario.name.c_str());
  for (const auto& [part, floor] : scenario.floors) {
    std::printf("  raw SQLite, %-24s %8.0f/s one per commit, %8.0f/s in groups of 32\n",
                part.c_str(), floor.single, floor.grouped);
  }
  if (!scenario.cells.empty()) {
    std::printf("  %-17s %-18s %10s  %8s %8s %8s %8s %8s  %s\n", "call", "arrival", "rate",
                "p50 ms", "p90", "p99", "p99.9", "max", "rate / raw grouped, / raw one per commit");
  }
  for (const Cell& cell : scenario.cells) {
    PrintCell(cell);
    for (const auto& [error, count] : cell.load.errors) failures_ += count;
  }
  for (const Figure& figure : scenario.figures) {
    std::printf("  %-52s %s\n", figure.name.c_str(), FigureText(figure).c_str());
  }
  std::fflush(stdout);
  scenarios_.push_back(std::move(scenario));
}

absl::Status Report::WriteJson(const std::string& file) const {
  nlohmann::json root = {{"slow_fsync_us", slow_fsync_us_},
                         {"ratios", nlohmann::json::object()},
                         {"floors", nlohmann::json::array()},
                         {"cells", nlohmann::json::array()},
                         {"figures", nlohmann::json::array()}};
  for (const auto& [key, ratio] : RatiosOf(scenarios_)) root["ratios"][key] = ratio.value;
  for (const Scenario& scenario : scenarios_) {
    for (const auto& [part, floor] : scenario.floors) {
      root["floors"].push_back({{"scenario", scenario.name},
                                {"part", part},
                                {"one_per_commit", floor.single},
                                {"groups_of_32", floor.grouped}});
    }
    for (const Cell& cell : scenario.cells) {
      const LoadResult& load = cell.load;
      root["cells"].push_back({{"key", Key(cell)},
                               {"callers", cell.arrival.callers},
                               {"due_per_second", cell.arrival.rate},
                               {"calls", load.calls},
                               {"per_second", load.rate},
                               {"p50_ms", load.p50_ms},
                               {"p90_ms", load.p90_ms},
                               {"p99_ms", load.p99_ms},
                               {"p999_ms", load.p999_ms},
                               {"max_ms", load.max_ms},
                               {"of_grouped_floor", Ratio(cell)},
                               {"failed", load.errors}});
    }
    for (const Figure& figure : scenario.figures) {
      root["figures"].push_back({{"scenario", scenario.name},
                                 {"name", figure.name},
                                 {"found", figure.found},
                                 {"unit", figure.unit}});
    }
  }
  std::ofstream out(file);
  out << root.dump(2) << "\n";
  out.close();
  return out.good() ? absl::OkStatus()
                    : absl::UnavailableError(absl::StrCat(file, " cannot be written"));
}

absl::Status Report::CompareWith(const std::string& file) {
  MESO_ASSIGN_OR_RETURN(before_, ReadRatios(file, slow_fsync_us_));
  return absl::OkStatus();
}

absl::StatusOr<int> Report::CountWorse() const {
  int worse = 0;
  int compared = 0;
  std::printf("compared\n");
  for (const auto& [key, now] : RatiosOf(scenarios_)) {
    const auto it = before_.find(key);
    if (it == before_.end() || it->second <= 0) continue;
    const double gain = now.more_is_better ? now.value / it->second : it->second / now.value;
    const bool fell = gain < 1 - kWorseBy;
    ++compared;
    worse += fell ? 1 : 0;
    std::printf("  %-64s %6.2f, was %6.2f%s\n", key.c_str(), now.value, it->second,
                fell ? "   WORSE" : "");
  }
  if (compared == 0) {
    return absl::InvalidArgumentError("the earlier run has no ratio in common with this one");
  }
  return worse;
}

int Report::CheckGates() const {
  const bool slow_fsync = slow_fsync_us_ > 0;
  int missed = 0;
  int checked = 0;
  std::printf("gates\n");
  const auto check = [&](const Figure& figure) {
    const bool kept = IsKept(figure);
    std::printf("  %-52s %s: %s\n", figure.name.c_str(), FigureText(figure).c_str(),
                kept ? "met" : "MISSED");
    ++checked;
    missed += kept ? 0 : 1;
  };
  for (const Scenario& scenario : scenarios_) {
    const bool of_callers = scenario.name == "draw" || (scenario.name == "book" && !slow_fsync);
    if (of_callers) {
      const std::vector<Figure> promises = PromisesOfCells(scenario, slow_fsync);
      for (const Figure& figure : promises) check(figure);
      if (promises.empty()) {
        std::printf("  %s promises something of 64 callers: MISSED\n", scenario.name.c_str());
        ++missed;
      }
    }
    for (const Figure& figure : scenario.figures) {
      if (figure.promise != Figure::Promise::kNone) check(figure);
    }
  }
  if (checked + missed == 0) {
    std::printf("  nothing was promised: run draw, book, chain, scan or import\n");
    return 1;
  }
  return missed;
}

}  // namespace meso
