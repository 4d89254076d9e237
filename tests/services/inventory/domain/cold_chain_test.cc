// What temperatures mean for a lot: the standard's own numbers, every cause at its boundary.
#include "services/inventory/domain/cold_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1800000000);  // a whole hour
absl::Time At(absl::Duration after) { return kStart + after; }

// Readings every `step` from kStart on.
std::vector<Reading> Every(absl::Duration step, std::vector<int64_t> centidegrees) {
  std::vector<Reading> readings;
  for (size_t i = 0; i < centidegrees.size(); ++i) {
    readings.push_back({kStart + static_cast<int64_t>(i) * step, centidegrees[i]});
  }
  return readings;
}

// `cold` for a time, `warm` for a time, `cold` again: one reading every 30 minutes, and one where
// the temperature changes.
std::vector<Reading> Bump(absl::Duration before, int64_t warm, absl::Duration during,
                          absl::Duration after, int64_t cold = 500) {
  std::vector<Reading> readings;
  const auto hold = [&](absl::Time begin, absl::Duration length, int64_t value) {
    for (absl::Duration t; t < length; t += absl::Minutes(30)) {
      readings.push_back({begin + t, value});
    }
  };
  hold(kStart, before, cold);
  hold(kStart + before, during, warm);
  hold(kStart + before + during, after, cold);
  readings.push_back({kStart + before + during + after, cold});
  return readings;
}

const TemperatureRange kFridge{20, 80};
const TemperatureRange kRoom{150, 250};

Verdict Judge(const std::vector<Reading>& readings, const TemperatureRange& range,
              const ExcursionRule& rule = {}) {
  const std::vector<OutsideRun> runs = FindRuns(readings, {{range, {Interval()}}}, {});
  EXPECT_THAT(runs, SizeIs(1));
  return JudgeExposure(ExposureOf(readings), LimitsOf(rule, range), runs[0].begin,
                       runs[0].end.value_or(runs[0].last));
}

TEST(ColdChainTest, TheMeanKineticTemperatureIsTheStandards) {
  const struct {
    std::vector<WeightedTemperature> temperatures;
    double expected;
  } cases[] = {
      {{{5.0, 24}}, 5.0000},
      {{{5.0, 20}, {12.0, 4}}, 6.6501},
      {{{5.0, 18}, {14.0, 6}}, 8.2852},
      {{{6.0, 23}, {25.0, 1}}, 8.4567},
      {{{2.0, 12}, {8.0, 12}}, 5.5364},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(std::llround(MeanKineticTemperature(one.temperatures) * 10000),
              std::llround(one.expected * 10000));
  }
}

TEST(ColdChainTest, TimeCountsNotTheNumberOfReadings) {
  // An hour at 14 degrees told by one reading or by sixty.
  std::vector<Reading> dense = Bump(absl::Hours(23), 1400, absl::Hours(1), absl::Hours(24));
  std::vector<Reading> sparse = dense;
  for (int minute = 1; minute < 60; ++minute) {
    dense.push_back({At(absl::Hours(23) + absl::Minutes(minute)), 1400});
  }
  std::sort(dense.begin(), dense.end(),
            [](const Reading& a, const Reading& b) { return a.time < b.time; });
  dense.erase(std::unique(dense.begin(), dense.end(),
                          [](const Reading& a, const Reading& b) { return a.time == b.time; }),
              dense.end());
  EXPECT_EQ(Judge(dense, kFridge).mkt, Judge(sparse, kFridge).mkt);
  EXPECT_EQ(Judge(dense, kFridge).outside, absl::Hours(1));
}

TEST(ColdChainTest, WhatLooksFineOnAverageIsTooHot) {
  // 18 h at 5 and 6 h at 14 degrees: 7.25 on average, 8.29 kinetic.
  const Verdict verdict =
      Judge(Bump(absl::Hours(18), 1400, absl::Hours(6), absl::Hours(30)), kFridge);
  EXPECT_EQ(verdict.mkt, 829);
  EXPECT_EQ(verdict.outside, absl::Hours(6));
  EXPECT_THAT(verdict.causes, ElementsAre(kMktTooHigh));
}

TEST(ColdChainTest, AShortWarmthIsTolerated) {
  const Verdict verdict =
      Judge(Bump(absl::Hours(20), 1200, absl::Hours(4), absl::Hours(30)), kFridge);
  EXPECT_EQ(verdict.mkt, 665);
  EXPECT_THAT(verdict.causes, IsEmpty());
}

TEST(ColdChainTest, ThePeakItselfIsToleratedAndAHundredthAboveIsNot) {
  const absl::Duration day = absl::Hours(24);
  EXPECT_THAT(Judge(Bump(day, 1500, absl::Minutes(30), day), kFridge).causes, IsEmpty());
  EXPECT_THAT(Judge(Bump(day, 1501, absl::Minutes(30), day), kFridge).causes,
              ElementsAre(kAbovePeak));
  EXPECT_THAT(Judge(Bump(absl::Hours(720), 4000, absl::Minutes(30), day, 2000), kRoom).causes,
              IsEmpty());
  EXPECT_THAT(Judge(Bump(absl::Hours(720), 4001, absl::Minutes(30), day, 2000), kRoom).causes,
              ElementsAre(kAbovePeak));
}

TEST(ColdChainTest, BelowTheRangeIsNeverToleratedUnlessTheProductSaysSo) {
  const absl::Duration day = absl::Hours(24);
  const std::vector<Reading> cold = Bump(day, 199, absl::Minutes(1), day);
  EXPECT_THAT(Judge(cold, kFridge).causes, ElementsAre(kBelowRange));
  ExcursionRule rule;
  rule.peak_min_decidegrees = 10;
  EXPECT_THAT(Judge(cold, kFridge, rule).causes, IsEmpty());
  EXPECT_THAT(Judge(Bump(day, 100, absl::Minutes(1), day), kFridge, rule).causes, IsEmpty());
  EXPECT_THAT(Judge(Bump(day, 99, absl::Minutes(1), day), kFridge, rule).causes,
              ElementsAre(kBelowRange));
}

TEST(ColdChainTest, ExactlyADayOutsideIsTooLong) {
  // Cool enough before that a day just above the range is within the kinetic limit of 8.1 given.
  ExcursionRule rule;
  rule.mkt_max_decidegrees = 81;
  const absl::Duration day = absl::Hours(24);
  EXPECT_THAT(Judge(Bump(day, 801, day - absl::Microseconds(1), day), kFridge, rule).causes,
              IsEmpty());
  EXPECT_THAT(Judge(Bump(day, 801, day, day), kFridge, rule).causes, ElementsAre(kTooLong));
}

TEST(ColdChainTest, AProductsOwnTimeIsToleratedToItsEnd) {
  ExcursionRule rule;
  rule.outside_max = absl::Hours(2);
  const absl::Duration day = absl::Hours(24);
  EXPECT_THAT(Judge(Bump(day, 900, absl::Hours(2), day), kFridge, rule).causes, IsEmpty());
  EXPECT_THAT(
      Judge(Bump(day, 900, absl::Hours(2) + absl::Microseconds(1), day), kFridge, rule).causes,
      ElementsAre(kTooLong));
}

TEST(ColdChainTest, AMeanOfExactlyTheLimitIsTolerated) {
  // A moment outside in a day at exactly 8.00 degrees rounds to 8.00.
  const absl::Duration day = absl::Hours(24);
  const Verdict at = Judge(Bump(day, 801, absl::Seconds(1), day, 800), kFridge);
  EXPECT_EQ(at.mkt, 800);
  EXPECT_THAT(at.causes, IsEmpty());
  const Verdict above = Judge(Bump(day, 900, absl::Minutes(30), day, 800), kFridge);
  EXPECT_EQ(above.mkt, 802);
  EXPECT_THAT(above.causes, ElementsAre(kMktTooHigh));
}

TEST(ColdChainTest, AtRoomTemperatureTheMonthCounts) {
  const absl::Duration month = absl::Hours(720);
  EXPECT_THAT(Judge(Bump(month, 3500, absl::Hours(10), absl::Hours(1), 2400), kRoom).causes,
              IsEmpty());
  // A hot month: the same ten hours are the last straw.
  EXPECT_THAT(Judge(Bump(month, 3500, absl::Hours(10), absl::Hours(1), 2490), kRoom).causes,
              ElementsAre(kMktTooHigh));
}

TEST(ColdChainTest, TheStandardSaysNothingOfFrozenOrCoolProducts) {
  for (const TemperatureRange& range : {TemperatureRange{-250, -150}, TemperatureRange{80, 150}}) {
    const Limits limits = LimitsOf({}, range);
    EXPECT_EQ(limits.peak_max, range.max_decidegrees * 10);
    EXPECT_EQ(limits.peak_min, range.min_decidegrees * 10);
  }
}

TEST(ColdChainTest, AProductWithoutARangeIsJudgedByItsUnits) {
  EXPECT_EQ(RangeOf(Product(), kFridge), kFridge);
  EXPECT_EQ(RangeOf(Product(), std::nullopt), std::nullopt);
  Product room;
  room.temperature_min_decidegrees = 20;
  room.temperature_max_decidegrees = 250;
  EXPECT_EQ(RangeOf(room, kFridge), (TemperatureRange{20, 250}));
}

TEST(ColdChainTest, UnitsInsideTheirOwnRangeAreNotConcerned) {
  const std::vector<Reading> readings =
      Bump(absl::Hours(24), 1200, absl::Hours(30), absl::Hours(24));
  const std::vector<OutsideRun> runs = FindRuns(readings, {{kFridge, {Interval()}}}, {});
  const Limits wide = LimitsOf({}, {20, 250});
  EXPECT_THAT(JudgeExposure(ExposureOf(readings), wide, runs[0].begin, *runs[0].end).causes,
              IsEmpty());
}

TEST(ColdChainTest, RunsBeginWithTheFirstReadingOutsideAndEndWithTheFirstInside) {
  const std::vector<Reading> readings =
      Every(absl::Minutes(10), {500, 800, 801, 1200, 800, 200, 199, 150, 200, 900});
  const std::vector<OutsideRun> runs = FindRuns(readings, {{kFridge, {Interval()}}}, {});
  ASSERT_THAT(runs, SizeIs(3));
  EXPECT_EQ(runs[0].begin, At(absl::Minutes(20)));
  EXPECT_EQ(runs[0].last, At(absl::Minutes(30)));
  EXPECT_EQ(runs[0].end, At(absl::Minutes(40)));
  EXPECT_EQ(runs[0].min, 801);
  EXPECT_EQ(runs[0].max, 1200);
  EXPECT_FALSE(runs[0].incomplete);
  EXPECT_EQ(runs[1].min, 150);
  EXPECT_EQ(runs[2].begin, At(absl::Minutes(90)));
  EXPECT_EQ(runs[2].end, std::nullopt);
}

TEST(ColdChainTest, AProductsRangeCountsWhileItIsThere) {
  const std::vector<Reading> readings = Every(absl::Minutes(10), {1200, 1200, 1200, 1200});
  const Watch watch{kFridge, {{At(absl::Minutes(10)), At(absl::Minutes(30))}}};
  const std::vector<OutsideRun> runs = FindRuns(readings, {watch}, {});
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].begin, At(absl::Minutes(10)));
  EXPECT_EQ(runs[0].end, At(absl::Minutes(30)));
}

TEST(ColdChainTest, WhatFollowsADecidedExcursionIsAnotherOne) {
  const std::vector<Reading> readings = Every(absl::Minutes(10), {900, 900, 900, 900});
  const std::vector<OutsideRun> runs =
      FindRuns(readings, {{kFridge, {Interval()}}}, {At(absl::Minutes(10))});
  ASSERT_THAT(runs, SizeIs(2));
  EXPECT_EQ(runs[0].last, At(absl::Minutes(10)));
  EXPECT_EQ(runs[1].begin, At(absl::Minutes(20)));
}

TEST(ColdChainTest, AGapCountsAsTheWorseOfItsEnds) {
  // Exactly 30 minutes are no gap.
  std::vector<Reading> readings = Every(absl::Minutes(30), {500, 900, 500, 500});
  EXPECT_FALSE(FindRuns(readings, {{kFridge, {Interval()}}}, {})[0].incomplete);
  EXPECT_EQ(Judge(readings, kFridge).outside, absl::Minutes(30));
  // Longer ones are, on both sides of the reading outside.
  readings = {{kStart, 500},
              {At(absl::Hours(1)), 900},
              {At(absl::Hours(3)), 500},
              {At(absl::Hours(4)), 500}};
  EXPECT_TRUE(FindRuns(readings, {{kFridge, {Interval()}}}, {})[0].incomplete);
  EXPECT_EQ(Judge(readings, kFridge).outside, absl::Hours(3));
  // Between two readings inside nothing is outside.
  readings = {{kStart, 500}, {At(absl::Hours(5)), 500}};
  EXPECT_THAT(FindRuns(readings, {{kFridge, {Interval()}}}, {}), IsEmpty());
}

TEST(ColdChainTest, OfSeveralSensorsTheWorstCounts) {
  const Exposure calm = ExposureOf(Every(absl::Minutes(20), {500, 500, 500, 500}));
  const Exposure warm = ExposureOf(Every(absl::Minutes(30), {500, 1000, 500}));
  const Exposure worst = WorstOf({calm, warm});
  ASSERT_FALSE(worst.empty());
  absl::Duration hot;
  for (const Stretch& stretch : worst) {
    EXPECT_EQ(stretch.low, 500);
    if (stretch.high == 1000) hot += stretch.end - stretch.begin;
  }
  EXPECT_EQ(hot, absl::Minutes(30));
  EXPECT_EQ(worst.front().begin, kStart);
  EXPECT_EQ(worst.back().end, At(absl::Minutes(60)));
}

TEST(ColdChainTest, ClippingKeepsWhatLiesWithin) {
  const Exposure all = ExposureOf(Every(absl::Minutes(10), {500, 600, 700}));
  const Exposure part = Clip(all, {At(absl::Minutes(5)), At(absl::Minutes(15))});
  ASSERT_THAT(part, SizeIs(2));
  EXPECT_EQ(part[0].end - part[0].begin, absl::Minutes(5));
  EXPECT_EQ(part[1].high, 600);
  EXPECT_THAT(Clip(all, {At(absl::Hours(1)), At(absl::Hours(2))}), IsEmpty());
}

TEST(ColdChainTest, AnHourOfMeansIsNeverBetterThanItsReadings) {
  const Stretch hour = HourOf(kStart, 2450, 2400, 2500);
  const double half = (MeanKineticTemperature({{24.0, 1}, {25.0, 1}}));
  EXPECT_GE(10000.0 / -std::log(hour.decay) - 273.15, half - 1e-6);
  EXPECT_LT(10000.0 / -std::log(hour.decay) - 273.15, half + 0.02);
}

}  // namespace
}  // namespace meso::inventory
