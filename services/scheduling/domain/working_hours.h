// Weekly opening rules in a site's local time, and what they mean on the time line.
//
// Sites, practitioners, rooms and devices carry such rules; availability asks them for open
// intervals. The zone's transitions are taken into account: an opening keeps its wall-clock bounds,
// so its elapsed length changes on the day the clock is moved, and a bound that does not exist or
// exists twice on that day narrows the opening. Midnight is the exception: 24:00 of one day and
// 00:00 of the next are the same instant, so that two rules join without a gap. Pure; thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_WORKING_HOURS_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_WORKING_HOURS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/error.h"

namespace meso::scheduling {

// A half-open span of time: `end` belongs to what comes after.
struct Interval {
  absl::Time begin;
  absl::Time end;

  bool Overlaps(const Interval& other) const { return begin < other.end && other.begin < end; }
  bool Contains(const Interval& other) const { return begin <= other.begin && other.end <= end; }
  friend bool operator==(const Interval& a, const Interval& b) {
    return a.begin == b.begin && a.end == b.end;
  }
};

inline constexpr int kMinutesPerDay = 24 * 60;
inline constexpr size_t kWeeklyRulesMax = 100;

// One opening on one day of the week, in minutes of that day's wall clock.
struct WeeklyRule {
  absl::Weekday day = absl::Weekday::monday;
  int begin_minute = 0;                       // 0..1439
  int end_minute = 0;                         // above begin_minute, up to 1440
  std::optional<absl::CivilDay> valid_from;   // first local day; nullopt = from ever
  std::optional<absl::CivilDay> valid_until;  // last local day, inclusive; nullopt = for ever

  friend bool operator==(const WeeklyRule& a, const WeeklyRule& b) {
    return a.day == b.day && a.begin_minute == b.begin_minute && a.end_minute == b.end_minute &&
           a.valid_from == b.valid_from && a.valid_until == b.valid_until;
  }
};
using WorkingHours = std::vector<WeeklyRule>;

// The minute of the day "HH:MM" names ("24:00" = 1440); nullopt when it is not of that form.
std::optional<int> ParseMinuteOfDay(absl::string_view text);
std::string FormatMinuteOfDay(int minute);

// The day "YYYY-MM-DD" names; nullopt when it is not of that form or there is no such day.
std::optional<absl::CivilDay> ParseDate(absl::string_view text);
std::string FormatDate(absl::CivilDay day);

// Adds every bad rule to `errors`; `field` is the path of the rules, such as "site.working_hours".
void CheckWorkingHours(const WorkingHours& hours, absl::string_view field, FieldErrors& errors);

// The first instant of a local day; also the last, exclusive, of the day before.
absl::Time StartOfDay(absl::CivilDay day, const absl::TimeZone& zone);

// The merged open intervals of all local days that touch `window`, in order. Empty hours = closed.
std::vector<Interval> OpenIntervals(const WorkingHours& hours, const absl::TimeZone& zone,
                                    const Interval& window);

// Whether one of `open` (sorted, merged) contains `wanted`.
bool IsOpen(const std::vector<Interval>& open, const Interval& wanted);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_WORKING_HOURS_H_
