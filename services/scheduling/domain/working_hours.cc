#include "services/scheduling/domain/working_hours.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace meso::scheduling {
namespace {

std::optional<int> Digits(absl::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

enum class Bound { kBegin, kEnd };

absl::Time AtMinute(absl::CivilDay day, int minute, Bound bound, const absl::TimeZone& zone) {
  if (minute == 0) return StartOfDay(day, zone);
  if (minute == kMinutesPerDay) return StartOfDay(day + 1, zone);
  const absl::TimeZone::TimeInfo at = zone.At(absl::CivilMinute(day) + minute);
  switch (at.kind) {
    case absl::TimeZone::TimeInfo::UNIQUE:
      return at.pre;
    case absl::TimeZone::TimeInfo::SKIPPED:
      return at.trans;
    case absl::TimeZone::TimeInfo::REPEATED:
      // Nobody said which of the two is meant: the one that opens later or closes earlier.
      return bound == Bound::kBegin ? at.post : at.pre;
  }
  return at.pre;
}

bool AppliesOn(const WeeklyRule& rule, absl::CivilDay day) {
  return absl::GetWeekday(day) == rule.day && (!rule.valid_from || *rule.valid_from <= day) &&
         (!rule.valid_until || day <= *rule.valid_until);
}

}  // namespace

std::optional<int> ParseMinuteOfDay(absl::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const std::optional<int> hour = Digits(text.substr(0, 2));
  const std::optional<int> minute = Digits(text.substr(3, 2));
  if (!hour || !minute || *minute > 59) return std::nullopt;
  const int result = *hour * 60 + *minute;
  if (result > kMinutesPerDay) return std::nullopt;
  return result;
}

std::string FormatMinuteOfDay(int minute) {
  return absl::StrFormat("%02d:%02d", minute / 60, minute % 60);
}

std::optional<absl::CivilDay> ParseDate(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::optional<int> year = Digits(text.substr(0, 4));
  const std::optional<int> month = Digits(text.substr(5, 2));
  const std::optional<int> day = Digits(text.substr(8, 2));
  if (!year || !month || !day || *year < 1900) return std::nullopt;
  const absl::CivilDay date(*year, *month, *day);
  // A civil day normalises 31 June to 1 July: a date that moved was none.
  if (date.month() != *month || date.day() != *day) return std::nullopt;
  return date;
}

std::string FormatDate(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

void CheckWorkingHours(const WorkingHours& hours, absl::string_view field, FieldErrors& errors) {
  if (hours.size() > kWeeklyRulesMax) {
    errors.Invalid(field, absl::StrCat("has more than ", kWeeklyRulesMax, " rules"));
    return;
  }
  for (size_t i = 0; i < hours.size(); ++i) {
    const WeeklyRule& rule = hours[i];
    const std::string path = absl::StrCat(field, ".rules[", i, "]");
    if (rule.begin_minute < 0 || rule.begin_minute >= kMinutesPerDay) {
      errors.Invalid(absl::StrCat(path, ".begin"), "must be between 00:00 and 23:59");
    }
    if (rule.end_minute <= rule.begin_minute || rule.end_minute > kMinutesPerDay) {
      errors.Invalid(absl::StrCat(path, ".end"), "must be after begin and not after 24:00");
    }
    if (rule.valid_from && rule.valid_until && *rule.valid_until < *rule.valid_from) {
      errors.Invalid(absl::StrCat(path, ".valid_until"), "must not be before valid_from");
    }
  }
}

absl::Time StartOfDay(absl::CivilDay day, const absl::TimeZone& zone) {
  // FromCivil takes the first of two midnights and the transition where there is none; the
  // skipped case is asked for explicitly, because pre would be an instant of the day before.
  const absl::TimeZone::TimeInfo at = zone.At(absl::CivilSecond(day));
  return at.kind == absl::TimeZone::TimeInfo::SKIPPED ? at.trans : at.pre;
}

std::vector<Interval> OpenIntervals(const WorkingHours& hours, const absl::TimeZone& zone,
                                    const Interval& window) {
  std::vector<Interval> found;
  const absl::CivilDay last = absl::ToCivilDay(window.end, zone);
  for (absl::CivilDay day = absl::ToCivilDay(window.begin, zone); day <= last; ++day) {
    for (const WeeklyRule& rule : hours) {
      if (!AppliesOn(rule, day)) continue;
      const Interval open{AtMinute(day, rule.begin_minute, Bound::kBegin, zone),
                          AtMinute(day, rule.end_minute, Bound::kEnd, zone)};
      if (open.begin < open.end) found.push_back(open);
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  std::vector<Interval> merged;
  for (const Interval& open : found) {
    if (!merged.empty() && open.begin <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, open.end);
    } else {
      merged.push_back(open);
    }
  }
  return merged;
}

bool IsOpen(const std::vector<Interval>& open, const Interval& wanted) {
  const auto after = std::upper_bound(
      open.begin(), open.end(), wanted.begin,
      [](absl::Time begin, const Interval& interval) { return begin < interval.begin; });
  return after != open.begin() && (after - 1)->Contains(wanted);
}

}  // namespace meso::scheduling
