#include "services/inventory/domain/cold_chain.h"

#include <algorithm>
#include <cmath>

#include "common/base/check.h"

namespace meso::inventory {
namespace {

// dH/R of the standard: 83.144 kJ/mol over 8.3144 J/(mol K).
constexpr double kActivationKelvin = 10000.0;
constexpr double kZeroCelsius = 273.15;
// What the standard's ranges look like, hundredths of a degree.
constexpr int64_t kColdMaxLowest = 200;
constexpr int64_t kColdMaxHighest = 800;
constexpr int64_t kRoomMaxLowest = 2000;

double DecayAt(double celsius) { return std::exp(-kActivationKelvin / (celsius + kZeroCelsius)); }
double CelsiusAt(double decay) { return kActivationKelvin / -std::log(decay) - kZeroCelsius; }

Stretch StretchOf(absl::Time begin, absl::Time end, int64_t low, int64_t high) {
  return {begin, end, low, high, DecayAt(static_cast<double>(high) / 100)};
}

// Sums over an exposure from its begin to any moment, so that every window is a difference of two.
class Sums {
 public:
  Sums(const Exposure& exposure, const Limits& limits) : exposure_(exposure) {
    Point sum;
    for (const Stretch& stretch : exposure) {
      points_.push_back(sum);
      const absl::Duration length = stretch.end - stretch.begin;
      sum.decay += stretch.decay * absl::ToDoubleSeconds(length);
      sum.known += length;
      outside_.push_back(stretch.low < limits.min || stretch.high > limits.max);
      if (outside_.back()) sum.outside += length;
    }
    points_.push_back(sum);
  }

  struct Point {
    double decay = 0;
    absl::Duration known, outside;
    // Relative decay per second; 0 when nothing is known.
    double Mean() const {
      return known > absl::ZeroDuration() ? decay / absl::ToDoubleSeconds(known) : 0;
    }
  };
  Point Over(absl::Time begin, absl::Time end) const {
    const Point a = At(begin), b = At(end);
    return {b.decay - a.decay, b.known - a.known, b.outside - a.outside};
  }
  bool IsOutside(size_t stretch) const { return outside_[stretch]; }

 private:
  Point At(absl::Time time) const {
    const auto after =
        std::upper_bound(exposure_.begin(), exposure_.end(), time,
                         [](absl::Time t, const Stretch& stretch) { return t < stretch.begin; });
    const auto index = static_cast<size_t>(after - exposure_.begin());
    if (index == 0) return points_[0];
    const Stretch& stretch = exposure_[index - 1];
    Point point = points_[index - 1];
    const absl::Duration part = std::min(time, stretch.end) - stretch.begin;
    point.decay += stretch.decay * absl::ToDoubleSeconds(part);
    point.known += part;
    if (outside_[index - 1]) point.outside += part;
    return point;
  }

  const Exposure& exposure_;
  std::vector<bool> outside_;
  std::vector<Point> points_;
};

// Begins of all day-long windows in which a sum over [begin, end] can be largest: those that begin
// or end where the temperature changes.
std::vector<absl::Time> DayWindows(const Exposure& exposure, absl::Time begin, absl::Time end) {
  const auto touches = [&](absl::Time window) { return window <= end && window + kDay >= begin; };
  std::vector<absl::Time> windows;
  for (const Stretch& stretch : exposure) {
    for (const absl::Time at : {stretch.begin, stretch.begin - kDay, stretch.end - kDay}) {
      if (touches(at)) windows.push_back(at);
    }
  }
  for (const absl::Time at : {begin - kDay, end}) windows.push_back(at);
  return windows;
}

struct Worst {
  double decay = 0;
  absl::Duration outside;
};

// Over all windows that touch [begin, end].
Worst WorstWindows(const Sums& sums, const Exposure& exposure, const Limits& limits,
                   absl::Time begin, absl::Time end) {
  const absl::Time first = exposure.front().begin, last = exposure.back().end;
  Worst worst;
  for (const absl::Time window : DayWindows(exposure, begin, end)) {
    const Sums::Point sum = sums.Over(window, window + kDay);
    worst.outside = std::max(worst.outside, sum.outside);
    // A mean is taken over whole windows only.
    if (!limits.monthly && window >= first && window + kDay <= last) {
      worst.decay = std::max(worst.decay, sum.Mean());
    }
  }
  if (limits.monthly) {
    const absl::Time month_end = std::min(end, last);
    worst.decay = sums.Over(month_end - kMonth, month_end).Mean();
  } else if (last - first <= kDay) {
    worst.decay = sums.Over(first, last).Mean();
  } else {
    // Those at the ends of what is known may touch it too.
    for (const absl::Time window : {first, last - kDay}) {
      if (window > end || window + kDay < begin) continue;
      worst.decay = std::max(worst.decay, sums.Over(window, window + kDay).Mean());
    }
  }
  return worst;
}

bool IsOutside(const Watch& watch, const Reading& reading) {
  const int64_t decidegrees_low = watch.range.min_decidegrees * 10;
  if (reading.centidegrees >= decidegrees_low &&
      reading.centidegrees <= watch.range.max_decidegrees * 10) {
    return false;
  }
  return std::any_of(watch.when.begin(), watch.when.end(), [&](const Interval& when) {
    return when.begin <= reading.time && reading.time < when.end;
  });
}

bool IsOutsideAny(const std::vector<Watch>& watches, const Reading& reading) {
  return std::any_of(watches.begin(), watches.end(),
                     [&](const Watch& watch) { return IsOutside(watch, reading); });
}

}  // namespace

double MeanKineticTemperature(const std::vector<WeightedTemperature>& temperatures) {
  double decay = 0, weight = 0;
  for (const WeightedTemperature& temperature : temperatures) {
    decay += DecayAt(temperature.celsius) * temperature.weight;
    weight += temperature.weight;
  }
  MESO_CHECK(weight > 0, "a mean of nothing");
  return CelsiusAt(decay / weight);
}

Exposure ExposureOf(const std::vector<Reading>& readings) {
  Exposure exposure;
  exposure.reserve(readings.size());
  for (size_t i = 0; i < readings.size(); ++i) {
    const Reading& reading = readings[i];
    if (i + 1 == readings.size()) {
      exposure.push_back(
          StretchOf(reading.time, reading.time, reading.centidegrees, reading.centidegrees));
      break;
    }
    const Reading& next = readings[i + 1];
    const bool gap = next.time - reading.time > kReadingGapMax;
    const int64_t other = gap ? next.centidegrees : reading.centidegrees;
    const int64_t low = std::min(reading.centidegrees, other);
    const int64_t high = std::max(reading.centidegrees, other);
    if (!exposure.empty() && exposure.back().low == low && exposure.back().high == high) {
      exposure.back().end = next.time;  // steady
    } else {
      exposure.push_back(StretchOf(reading.time, next.time, low, high));
    }
  }
  return exposure;
}

Stretch HourOf(absl::Time begin, int64_t mean, int64_t low, int64_t high) {
  Stretch stretch = StretchOf(begin, begin + absl::Hours(1), low, high);
  // The mean kinetic temperature lies above the mean by about K var / 2T^2, and the variance is at
  // most a quarter of the spread squared.
  const double kelvin = static_cast<double>(mean) / 100 + kZeroCelsius;
  const double spread = static_cast<double>(high - low) / 100;
  const double above = kActivationKelvin * spread * spread / (8 * kelvin * kelvin);
  stretch.decay = std::min(stretch.decay, DecayAt(static_cast<double>(mean) / 100 + above));
  return stretch;
}

Exposure Clip(const Exposure& exposure, const Interval& when) {
  Exposure clipped;
  const auto first =
      std::lower_bound(exposure.begin(), exposure.end(), when.begin,
                       [](const Stretch& stretch, absl::Time time) { return stretch.end < time; });
  for (auto it = first; it != exposure.end() && it->begin <= when.end; ++it) {
    Stretch part = *it;
    part.begin = std::max(part.begin, when.begin);
    part.end = std::min(part.end, when.end);
    const bool newest = it->begin == it->end;
    if (part.begin < part.end || (newest && part.begin == part.end)) clipped.push_back(part);
  }
  return clipped;
}

Exposure WorstOf(const std::vector<Exposure>& exposures) {
  if (exposures.size() == 1) return exposures[0];
  std::vector<absl::Time> cuts;
  for (const Exposure& exposure : exposures) {
    for (const Stretch& stretch : exposure) {
      cuts.push_back(stretch.begin);
      cuts.push_back(stretch.end);
    }
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  Exposure worst;
  std::vector<size_t> at(exposures.size(), 0);
  const auto add = [&](absl::Time begin, absl::Time end) {
    std::optional<Stretch> all;
    for (size_t i = 0; i < exposures.size(); ++i) {
      const Exposure& exposure = exposures[i];
      while (at[i] < exposure.size() && exposure[at[i]].end < end) ++at[i];
      for (size_t k = at[i]; k < exposure.size() && exposure[k].begin <= begin; ++k) {
        const Stretch& one = exposure[k];
        if (one.end < end || (begin == end && one.begin != one.end)) continue;
        if (!all) all = Stretch{begin, end, one.low, one.high, one.decay};
        all->low = std::min(all->low, one.low);
        all->high = std::max(all->high, one.high);
        all->decay = std::max(all->decay, one.decay);
      }
    }
    if (all) worst.push_back(*all);
  };
  for (size_t i = 0; i < cuts.size(); ++i) {
    add(cuts[i], cuts[i]);
    if (i + 1 < cuts.size()) add(cuts[i], cuts[i + 1]);
  }
  return worst;
}

std::vector<OutsideRun> FindRuns(const std::vector<Reading>& readings,
                                 const std::vector<Watch>& watches,
                                 const std::vector<absl::Time>& cuts) {
  std::vector<OutsideRun> runs;
  bool in_run = false;
  for (size_t i = 0; i < readings.size(); ++i) {
    const Reading& reading = readings[i];
    const bool gap = i > 0 && reading.time - readings[i - 1].time > kReadingGapMax;
    if (in_run && gap) runs.back().incomplete = true;
    if (!IsOutsideAny(watches, reading)) {
      if (in_run) runs.back().end = reading.time;
      in_run = false;
      continue;
    }
    const bool cut = in_run && std::any_of(cuts.begin(), cuts.end(), [&](absl::Time cut) {
                       return runs.back().last <= cut && cut < reading.time;
                     });
    if (cut) runs.back().end = reading.time;
    if (!in_run || cut) {
      runs.push_back({reading.time, reading.time, std::nullopt, reading.centidegrees,
                      reading.centidegrees, gap});
    }
    in_run = true;
    OutsideRun& run = runs.back();
    run.last = reading.time;
    run.min = std::min(run.min, reading.centidegrees);
    run.max = std::max(run.max, reading.centidegrees);
  }
  return runs;
}

std::optional<TemperatureRange> RangeOf(const Product& product,
                                        const std::optional<TemperatureRange>& unit) {
  const TemperatureRange asked{product.temperature_min_decidegrees,
                               product.temperature_max_decidegrees};
  if (asked == TemperatureRange()) return unit;
  return asked;
}

Limits LimitsOf(const ExcursionRule& rule, const TemperatureRange& range) {
  Limits limits;
  limits.min = limits.peak_min = range.min_decidegrees * 10;
  limits.max = limits.peak_max = limits.mkt_max = range.max_decidegrees * 10;
  // The standard tolerates less than 24 hours; of 24 hours no more can be outside.
  limits.outside_max = kDay - absl::Microseconds(1);
  limits.monthly = limits.max >= kRoomMaxLowest;
  if (limits.max >= kColdMaxLowest && limits.max <= kColdMaxHighest) {
    limits.peak_max = 1500;
    limits.mkt_max = 800;
  } else if (limits.monthly) {
    limits.peak_max = std::max<int64_t>(4000, limits.max);
    limits.mkt_max = std::max<int64_t>(2500, limits.max);
  }
  if (rule.peak_min_decidegrees) limits.peak_min = *rule.peak_min_decidegrees * 10;
  if (rule.peak_max_decidegrees) limits.peak_max = *rule.peak_max_decidegrees * 10;
  if (rule.outside_max) limits.outside_max = *rule.outside_max;
  if (rule.mkt_max_decidegrees) limits.mkt_max = *rule.mkt_max_decidegrees * 10;
  return limits;
}

Verdict JudgeExposure(const Exposure& exposure, const Limits& limits, absl::Time begin,
                      absl::Time end) {
  Verdict verdict;
  if (exposure.empty()) return verdict;
  const Sums sums(exposure, limits);
  bool concerned = false, below = false, above = false;
  for (size_t i = 0; i < exposure.size(); ++i) {
    const Stretch& stretch = exposure[i];
    const bool within = stretch.begin <= end && stretch.end >= begin &&
                        (stretch.begin == stretch.end || stretch.begin < end) &&
                        (stretch.begin == stretch.end || stretch.end > begin);
    if (!within || !sums.IsOutside(i)) continue;
    concerned = true;
    below = below || stretch.low < limits.peak_min;
    above = above || stretch.high > limits.peak_max;
  }
  const Worst worst = WorstWindows(sums, exposure, limits, begin, end);
  verdict.outside = worst.outside;
  const double celsius =
      worst.decay > 0 ? CelsiusAt(worst.decay) : static_cast<double>(exposure.back().high) / 100;
  verdict.mkt = std::llround(celsius * 100);
  if (!concerned) return verdict;
  if (below) verdict.causes.push_back(kBelowRange);
  if (above) verdict.causes.push_back(kAbovePeak);
  if (verdict.outside > limits.outside_max) verdict.causes.push_back(kTooLong);
  if (verdict.mkt > limits.mkt_max) verdict.causes.push_back(kMktTooHigh);
  return verdict;
}

}  // namespace meso::inventory
