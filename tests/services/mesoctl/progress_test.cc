// Long work: calls in flight, and how far it has got.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "common/base/clock.h"
#include "services/mesoctl/in_flight.h"
#include "services/mesoctl/progress_bar.h"

namespace meso::mesoctl {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(InFlightTest, DoesEveryPieceOnceAndNeverMoreAtATimeThanStreams) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::vector<std::atomic<int>> done(100);
  const absl::Status status = ForEachInFlight(100, 4, [&](size_t i) {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    ++done[i];
    --running;
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_LE(most, 4);
  for (const auto& count : done) EXPECT_EQ(count, 1);
}

TEST(InFlightTest, PiecesReallyRunBesideEachOther) {
  // Nobody passes before all four are there.
  absl::Barrier* all = new absl::Barrier(4);
  const absl::Status status = ForEachInFlight(4, 4, [&](size_t) {
    if (all->Block()) delete all;
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok());
}

TEST(InFlightTest, AnErrorEndsItAndIsTheResult) {
  std::atomic<int> begun = 0;
  const absl::Status status = ForEachInFlight(1000, 2, [&](size_t i) {
    ++begun;
    return i == 3 ? absl::NotFoundError("third") : absl::OkStatus();
  });
  EXPECT_EQ(status, absl::NotFoundError("third"));
  EXPECT_LT(begun, 1000);
}

TEST(InFlightTest, NothingToDoIsDone) {
  EXPECT_TRUE(ForEachInFlight(0, 4, [](size_t) { return absl::InternalError("no"); }).ok());
}

TEST(ProgressBarTest, SaysOneLinePerStageWhenNobodyWatches) {
  ManualClock clock(absl::FromUnixSeconds(1000));
  std::ostringstream err;
  ProgressBar bar(err, false, clock);
  bar.Begin("deliveries", 2);
  bar.Step();
  bar.Step();
  clock.Advance(absl::Milliseconds(1500));
  EXPECT_EQ(err.str(), "");
  bar.End();
  EXPECT_EQ(err.str(), "   deliveries                           2 in 1.5 s\n");
}

TEST(ProgressBarTest, DrawsOverItsLineAtATerminalAndLeavesOnlyTheResult) {
  ManualClock clock(absl::FromUnixSeconds(1000));
  std::ostringstream err;
  ProgressBar bar(err, true, clock);
  bar.Begin("deliveries", 4);
  for (int i = 0; i < 2; ++i) {
    clock.Advance(absl::Seconds(1));
    bar.Step();
  }
  EXPECT_THAT(err.str(), EndsWith("░ 2/4"));
  EXPECT_THAT(err.str(), Not(HasSubstr("\n")));
  bar.Step();  // too soon after the last drawing to be drawn
  EXPECT_THAT(err.str(), EndsWith("░ 2/4"));
  bar.End();
  EXPECT_THAT(err.str(), EndsWith("\r\x1b[K   deliveries                           3 in 2.0 s\n"));
}

}  // namespace
}  // namespace meso::mesoctl
