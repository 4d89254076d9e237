#include "services/scheduling/domain/working_hours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso::scheduling {
namespace {

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

WorkingHours EveryDay(const std::string& begin, const std::string& end) {
  WorkingHours hours;
  for (int day = 0; day < 7; ++day) {
    WeeklyRule rule;
    rule.day = static_cast<absl::Weekday>(day);
    rule.begin_minute = *ParseMinuteOfDay(begin);
    rule.end_minute = *ParseMinuteOfDay(end);
    hours.push_back(rule);
  }
  return hours;
}

// The opening that contains or follows noon of a day.
Interval OpeningOn(const WorkingHours& hours, const std::string& zone, absl::CivilDay day) {
  const absl::TimeZone tz = Zone(zone);
  const absl::Time begin = StartOfDay(day, tz);
  const auto open = OpenIntervals(hours, tz, {begin, StartOfDay(day + 1, tz)});
  for (const Interval& interval : open) {
    if (interval.end > begin) return interval;
  }
  ADD_FAILURE() << "closed";
  return {};
}

TEST(WorkingHoursTest, KeepsWallClockBoundsOnDaysWhenTheClockIsMoved) {
  struct Case {
    const char* zone;
    absl::CivilDay day;
    const char* begin;
    const char* end;
    const char* opens;
    const char* closes;
  };
  const Case cases[] = {
      {"Europe/Paris", absl::CivilDay(2026, 11, 20), "09:00", "17:00", "2026-11-20T08:00:00Z",
       "2026-11-20T16:00:00Z"},
      // Spring: 02:00-03:00 does not exist; the opening is an hour shorter.
      {"Europe/Paris", absl::CivilDay(2027, 3, 28), "00:00", "12:00", "2027-03-27T23:00:00Z",
       "2027-03-28T10:00:00Z"},
      {"Europe/Paris", absl::CivilDay(2027, 3, 28), "02:30", "12:00", "2027-03-28T01:00:00Z",
       "2027-03-28T10:00:00Z"},
      // Autumn: 02:00-03:00 exists twice; a bound inside it narrows the opening.
      {"Europe/Paris", absl::CivilDay(2026, 10, 25), "02:30", "12:00", "2026-10-25T01:30:00Z",
       "2026-10-25T11:00:00Z"},
      {"Europe/Paris", absl::CivilDay(2026, 10, 25), "01:00", "02:30", "2026-10-24T23:00:00Z",
       "2026-10-25T00:30:00Z"},
      {"Australia/Sydney", absl::CivilDay(2026, 10, 4), "02:00", "10:00", "2026-10-03T16:00:00Z",
       "2026-10-03T23:00:00Z"},
      {"America/New_York", absl::CivilDay(2026, 11, 1), "06:00", "23:00", "2026-11-01T11:00:00Z",
       "2026-11-02T04:00:00Z"},
      {"Asia/Dubai", absl::CivilDay(2026, 11, 1), "06:00", "23:00", "2026-11-01T02:00:00Z",
       "2026-11-01T19:00:00Z"},
  };
  for (const Case& c : cases) {
    const Interval open = OpeningOn(EveryDay(c.begin, c.end), c.zone, c.day);
    EXPECT_EQ(open.begin, At(c.opens)) << c.zone << " " << c.begin;
    EXPECT_EQ(open.end, At(c.closes)) << c.zone << " " << c.end;
  }
}

TEST(WorkingHoursTest, JoinsMidnightToMidnightWithoutAGap) {
  const absl::TimeZone zone = Zone("Europe/Paris");
  const Interval week{At("2026-10-20T00:00:00Z"), At("2026-10-30T00:00:00Z")};
  EXPECT_EQ(OpenIntervals(EveryDay("00:00", "24:00"), zone, week).size(), 1u);
}

TEST(WorkingHoursTest, RulesApplyFromTheirFirstToTheirLastDayInclusive) {
  WorkingHours hours = EveryDay("09:00", "17:00");
  for (WeeklyRule& rule : hours) {
    rule.valid_from = absl::CivilDay(2026, 11, 20);
    rule.valid_until = absl::CivilDay(2026, 11, 21);
  }
  const auto open = OpenIntervals(hours, Zone("Europe/Paris"),
                                  {At("2026-11-01T00:00:00Z"), At("2026-12-01T00:00:00Z")});
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(open[0].begin, At("2026-11-20T08:00:00Z"));
  EXPECT_EQ(open[1].end, At("2026-11-21T16:00:00Z"));
}

TEST(WorkingHoursTest, ContainsItsBoundsHalfOpen) {
  const auto open = OpenIntervals(EveryDay("09:00", "17:00"), absl::UTCTimeZone(),
                                  {At("2026-11-20T00:00:00Z"), At("2026-11-21T00:00:00Z")});
  EXPECT_TRUE(IsOpen(open, {At("2026-11-20T09:00:00Z"), At("2026-11-20T17:00:00Z")}));
  EXPECT_FALSE(IsOpen(open, {At("2026-11-20T08:59:00Z"), At("2026-11-20T10:00:00Z")}));
  EXPECT_FALSE(IsOpen(open, {At("2026-11-20T16:00:00Z"), At("2026-11-20T17:01:00Z")}));
  EXPECT_FALSE(IsOpen({}, {At("2026-11-20T16:00:00Z"), At("2026-11-20T17:00:00Z")}));
}

TEST(WorkingHoursTest, ReadsOnlyTimesAndDatesThatExist) {
  for (const char* good : {"00:00", "09:05", "23:59", "24:00"}) {
    EXPECT_TRUE(ParseMinuteOfDay(good)) << good;
  }
  for (const char* bad : {"", "9:00", "24:01", "12:60", "aa:bb", "12-00", "12:000"}) {
    EXPECT_FALSE(ParseMinuteOfDay(bad)) << bad;
  }
  for (const char* good : {"2026-02-28", "2028-02-29"}) EXPECT_TRUE(ParseDate(good)) << good;
  for (const char* bad : {"", "2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026/01/01"}) {
    EXPECT_FALSE(ParseDate(bad)) << bad;
  }
}

TEST(WorkingHoursTest, ReportsEveryBadRule) {
  WorkingHours hours = EveryDay("09:00", "17:00");
  hours[0].end_minute = hours[0].begin_minute;
  hours[1].valid_from = absl::CivilDay(2026, 2, 2);
  hours[1].valid_until = absl::CivilDay(2026, 2, 1);
  FieldErrors errors;
  CheckWorkingHours(hours, "site.working_hours", errors);
  const auto violations = DetailsOf(errors.ToStatus()).violations;
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].subject, "site.working_hours.rules[0].end");
  EXPECT_EQ(violations[1].subject, "site.working_hours.rules[1].valid_until");
}

}  // namespace
}  // namespace meso::scheduling
