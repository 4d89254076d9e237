// Gates: what keeps a promise, what misses it, and that what was not measured never keeps one.
#include "tests/bench/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace meso {
namespace {

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
  Report report;
  for (Scenario& scenario : scenarios) report.Add(std::move(scenario));
  return report.CheckGates(slow_fsync);
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

}  // namespace
}  // namespace meso
