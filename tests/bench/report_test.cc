// Gates: what keeps a promise, what misses it, and that what was not measured never keeps one. And
// what counts as worse than an earlier run.
#include "tests/bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "common/base/status_macros.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

Scenario Of(const std::string& name, std::vector<Figure> figures) {
  Scenario scenario;
  scenario.name = name;
  scenario.figures = std::move(figures);
  return scenario;
}

// A run of `callers` at `rate`, beside a raw limit of 1000/s grouped and 100/s one per commit.
Scenario WithCallers(const std::string& name, int callers, double rate) {
  Scenario scenario;
  scenario.name = name;
  Cell cell;
  cell.scenario = name;
  cell.arrival.callers = callers;
  cell.load.rate = rate;
  cell.floor = {100, 1000};
  scenario.cells = {cell};
  return scenario;
}

int Missed(std::vector<Scenario> scenarios, bool slow_fsync = false) {
  Report report(slow_fsync ? 1000 : 0);
  for (Scenario& scenario : scenarios) report.Add(std::move(scenario));
  return report.CheckGates();
}

TEST(GateTest, APromiseIsKeptUpToItsBound) {
  EXPECT_EQ(Missed({Of("chain", {AtMost("a", 1.2, "times", 1.2)})}), 0);
  EXPECT_EQ(Missed({Of("chain", {AtMost("a", 1.201, "times", 1.2)})}), 1);
  EXPECT_EQ(Missed({Of("scan", {AtLeast("a", 500000, "/s", 500000)})}), 0);
  EXPECT_EQ(Missed({Of("scan", {AtLeast("a", 499999, "/s", 500000)})}), 1);
  EXPECT_EQ(Missed({Of("chain", {AtMost("a", 60, "ms", 50), AtMost("b", 1, "ms", 50),
                                 AtMost("c", 60, "ms", 50)})}),
            2);
}

TEST(GateTest, WhatWasNotMeasuredKeepsNoPromise) {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double found : {0.0, -1.0, std::nan(""), infinite}) {
    EXPECT_FALSE(IsKept(AtMost("a", found, "s", 20))) << found;
    EXPECT_FALSE(IsKept(AtLeast("a", found, "s", 20))) << found;
  }
}

TEST(GateTest, ARunWithoutPromisesIsMissed) {
  EXPECT_EQ(Missed({}), 1);
  EXPECT_EQ(Missed({Of("empty", {})}), 1);
  EXPECT_EQ(Missed({Of("chain", {{"only told", 5, "ms"}})}), 1);
}

TEST(GateTest, CallersAreGatedWithSixtyFourOnly) {
  EXPECT_EQ(Missed({WithCallers("draw", 64, 400)}), 0);
  EXPECT_EQ(Missed({WithCallers("draw", 64, 399)}), 1);
  EXPECT_EQ(Missed({WithCallers("book", 64, 250)}), 0);
  EXPECT_EQ(Missed({WithCallers("book", 64, 249)}), 1);
  EXPECT_EQ(Missed({WithCallers("draw", 64, 1000)}, /*slow_fsync=*/true), 0);
  EXPECT_EQ(Missed({WithCallers("draw", 64, 999)}, /*slow_fsync=*/true), 1);
}

TEST(GateTest, APromiseOfSixtyFourCallersIsMissedWithoutThem) {
  EXPECT_EQ(Missed({WithCallers("draw", 16, 5000)}), 1);
  // Neither does another scenario's promise stand in for it.
  EXPECT_EQ(Missed({WithCallers("book", 1, 5000), Of("scan", {AtLeast("a", 2, "/s", 1)})}), 1);
  EXPECT_EQ(Missed({WithCallers("book", 64, 1)}, /*slow_fsync=*/true), 1) << "nothing is promised";
}

TEST(GateTest, WithoutARawLimitTheRatioIsMissed) {
  Scenario scenario = WithCallers("draw", 64, 5000);
  scenario.cells[0].floor = {};
  EXPECT_EQ(Missed({scenario}), 1);
  EXPECT_EQ(Missed({scenario}, /*slow_fsync=*/true), 1);
}

// What `now` says of the JSON that `before` has written.
absl::StatusOr<int> Worse(std::vector<Scenario> before, std::vector<Scenario> now,
                          int slow_before = 0, int slow_now = 0) {
  TempDir dir;
  const std::string file = dir.path() + "/before.json";
  Report earlier(slow_before);
  for (Scenario& scenario : before) earlier.Add(std::move(scenario));
  MESO_RETURN_IF_ERROR(earlier.WriteJson(file));
  Report later(slow_now);
  MESO_RETURN_IF_ERROR(later.CompareWith(file));
  for (Scenario& scenario : now) later.Add(std::move(scenario));
  return later.CountWorse();
}

TEST(CompareTest, ARatioIsWorseWhenItFallsByMoreThanAFifth) {
  EXPECT_EQ(*Worse({WithCallers("draw", 64, 500)}, {WithCallers("draw", 64, 401)}), 0);
  EXPECT_EQ(*Worse({WithCallers("draw", 64, 500)}, {WithCallers("draw", 64, 399)}), 1);
  EXPECT_EQ(*Worse({WithCallers("draw", 64, 500)}, {WithCallers("draw", 64, 5000)}), 0);
}

TEST(CompareTest, ABoundedFigureIsWorseWhenItRises) {
  const auto at_most = [](double found) { return Of("chain", {AtMost("a", found, "times", 9)}); };
  const auto at_least = [](double found) { return Of("audit", {AtLeast("a", found, "times", 1)}); };
  EXPECT_EQ(*Worse({at_most(1.0)}, {at_most(1.2)}), 0);
  EXPECT_EQ(*Worse({at_most(1.0)}, {at_most(1.3)}), 1);
  EXPECT_EQ(*Worse({at_most(1.3)}, {at_most(1.0)}), 0);
  EXPECT_EQ(*Worse({at_least(1.3)}, {at_least(1.0)}), 1);
}

TEST(CompareTest, OnlyWhatBothRunsMeasuredAsARatioIsCompared) {
  const Scenario rates = Of("scan", {AtLeast("a", 1, "/s", 1)});
  EXPECT_EQ(*Worse({WithCallers("draw", 64, 500), rates}, {WithCallers("draw", 64, 500)}), 0);
  EXPECT_FALSE(Worse({rates}, {rates}).ok()) << "a rate belongs to its machine";
  EXPECT_FALSE(Worse({WithCallers("draw", 16, 500)}, {WithCallers("draw", 64, 500)}).ok());
  EXPECT_FALSE(Worse({}, {WithCallers("draw", 64, 500)}).ok());
}

TEST(CompareTest, ASlowDiskIsNotComparedWithAFastOne) {
  const Scenario draw = WithCallers("draw", 64, 500);
  EXPECT_EQ(*Worse({draw}, {draw}, 1000, 1000), 0);
  const auto refused = Worse({draw}, {draw}, 1000, 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("--slow_fsync_us=1000"));
}

TEST(CompareTest, AFileThatIsNoRunIsRefused) {
  TempDir dir;
  Report report;
  EXPECT_FALSE(report.CompareWith(dir.path() + "/none.json").ok());
  for (const char* text : {"", "{", "[]", "{}", R"({"slow_fsync_us": "0", "ratios": {}})",
                           R"({"slow_fsync_us": 0, "ratios": {"draw / DrawStock / 64": "x"}})"}) {
    const std::string file = dir.path() + "/other.json";
    std::ofstream(file) << text;
    EXPECT_FALSE(report.CompareWith(file).ok()) << text;
  }
  EXPECT_FALSE(report.WriteJson(dir.path() + "/no/such/folder.json").ok());
}

}  // namespace
}  // namespace meso
