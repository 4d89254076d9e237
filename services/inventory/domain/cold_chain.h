// The cold chain: when a storage unit was outside of what its contents bear, and what that means
// for a lot that was there.
//
// Pure. A reading holds until the next one; where readings are missing (a gap above
// kReadingGapMax) the time between counts as the worse of its two ends, because what is not known
// is not assumed to be good. Temperatures are hundredths of a degree; the only floating-point value
// of inventory is the mean kinetic temperature, rounded once.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_COLD_CHAIN_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_COLD_CHAIN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/inventory/domain/product.h"
#include "services/inventory/domain/storage_unit.h"

namespace meso::inventory {

// Silent for longer than this: nobody knows how cold it is.
inline constexpr absl::Duration kReadingGapMax = absl::Minutes(30);
// Time outside the range, and the mean kinetic temperature of what is kept cold, are taken over
// the worst so long that touches an excursion.
inline constexpr absl::Duration kDay = absl::Hours(24);
// The mean kinetic temperature of what is kept at room temperature is taken over so long, ending
// with the excursion.
inline constexpr absl::Duration kMonth = absl::Hours(720);

// Why a lot may not be used after an excursion: causes of the contract.
inline constexpr char kBelowRange[] = "BELOW_RANGE";
inline constexpr char kAbovePeak[] = "ABOVE_PEAK";
inline constexpr char kTooLong[] = "TOO_LONG";
inline constexpr char kMktTooHigh[] = "MKT_TOO_HIGH";

// From `begin` until, and without, `end`.
struct Interval {
  absl::Time begin = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
};

struct Reading {
  absl::Time time;
  int64_t centidegrees = 0;
};

// Degrees Celsius for a time; any unit of time, the same for all.
struct WeightedTemperature {
  double celsius = 0;
  double weight = 0;
};
// The constant temperature at which as much would have decayed (dH/R = 10000 K), in degrees
// Celsius. The weights must not all be zero.
double MeanKineticTemperature(const std::vector<WeightedTemperature>& temperatures);

// A time in which the temperature was known to lie between `low` and `high`. An empty one is the
// newest reading, which holds for no time yet.
struct Stretch {
  absl::Time begin, end;
  int64_t low = 0, high = 0;
  double decay = 0;  // relative, per second; follows from `high`
};
// In the order of time, without overlaps; between them nothing is known.
using Exposure = std::vector<Stretch>;

// What readings, ordered by time, say.
Exposure ExposureOf(const std::vector<Reading>& readings);
// An hour of which only the mean is known: no less decay than its readings can stand for.
Stretch HourOf(absl::Time begin, int64_t mean, int64_t low, int64_t high);
// The part of it within `when`; the newest reading is kept if it lies within or at its end.
Exposure Clip(const Exposure& exposure, const Interval& when);
// At each moment the lowest and the highest that any of them says.
Exposure WorstOf(const std::vector<Exposure>& exposures);

// A range that counts at some times: the unit's own always, a product's while it was in the unit.
struct Watch {
  TemperatureRange range;
  std::vector<Interval> when;  // ordered
};

// Consecutive readings outside.
struct OutsideRun {
  absl::Time begin;               // the first reading outside
  absl::Time last;                // the last one
  std::optional<absl::Time> end;  // the first reading inside again; nullopt = none yet
  int64_t min = 0, max = 0;
  bool incomplete = false;  // readings are missing in it, or right before or after it
};
// The runs of readings (ordered by time) outside any watch. A run is cut after each of `cuts`
// (ordered): what follows a decided excursion is another one.
std::vector<OutsideRun> FindRuns(const std::vector<Reading>& readings,
                                 const std::vector<Watch>& watches,
                                 const std::vector<absl::Time>& cuts);

// How far outside its range a product may be; hundredths of a degree.
struct Limits {
  int64_t min = 0, max = 0;            // its range
  int64_t peak_min = 0, peak_max = 0;  // tolerated at all
  absl::Duration outside_max;          // within a day; longer is too long
  int64_t mkt_max = 0;
  bool monthly = false;  // its mean kinetic temperature is taken over a month, not a day
  friend bool operator==(const Limits& a, const Limits& b) {
    return a.min == b.min && a.max == b.max && a.peak_min == b.peak_min &&
           a.peak_max == b.peak_max && a.outside_max == b.outside_max && a.mkt_max == b.mkt_max &&
           a.monthly == b.monthly;
  }
};
// The range a product asks for, or when it asks for none that of the unit it is in; nullopt =
// nothing is asked by anybody.
std::optional<TemperatureRange> RangeOf(const Product& product,
                                        const std::optional<TemperatureRange>& unit);
// The product's rule, completed by the standard (USP 1079.2) for what is kept at 2 to 8 degrees or
// at room temperature. The standard says nothing of other ranges (frozen, cool): outside of them
// nothing is tolerated unless the product's own rule says so.
Limits LimitsOf(const ExcursionRule& rule, const TemperatureRange& range);

struct Verdict {
  std::vector<std::string> causes;  // empty = tolerated
  int64_t mkt = 0;
  absl::Duration outside;  // the most within a day
  bool exceeded() const { return !causes.empty(); }
};
// Judges what units went through, wherever they were, for an excursion from `begin` to `end`. Units
// that stayed within their own range during it are not concerned by it. The windows are those that
// touch the excursion and lie in the time that is known; where less than a window is known, that.
Verdict JudgeExposure(const Exposure& exposure, const Limits& limits, absl::Time begin,
                      absl::Time end);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_COLD_CHAIN_H_
