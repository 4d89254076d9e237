#include "services/inventory/domain/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ProductName kA("products/A");
const ProductName kB("products/B");

Candidate Shelf(int64_t row, const char* expiry, int64_t on_hand, int64_t reserved = 0,
                const ProductName& product = kA) {
  Candidate candidate;
  candidate.lot.row = row;
  candidate.lot.name = LotName(absl::StrCat("lots/", row));
  candidate.lot.lot_number = absl::StrCat("L", row);
  candidate.lot.product = product;
  candidate.lot.expiry = *ParseDate(expiry);
  candidate.lot.receive_time = absl::UnixEpoch() + absl::Seconds(row);
  candidate.balance = {SiteName("sites/par-1"), kMainUnit, on_hand, reserved, 0};
  return candidate;
}

std::vector<std::pair<int64_t, int64_t>> Taken(const AllocationPlan& plan) {
  std::vector<std::pair<int64_t, int64_t>> taken;
  for (const Allocation& allocation : plan.allocations) {
    taken.emplace_back(allocation.lot_row, allocation.ampoules);
  }
  return taken;
}

TEST(AllocationTest, TakesTheFirstExpiringLotsAndSpreadsOverSeveral) {
  const AllocationPlan plan = DecideAllocation(
      {{kA, 5}}, {Shelf(1, "2027-03-01", 9), Shelf(2, "2027-01-01", 2), Shelf(3, "2027-02-01", 2)});
  EXPECT_THAT(Taken(plan), ElementsAre(std::pair(2, 2), std::pair(3, 2), std::pair(1, 1)));
  EXPECT_THAT(plan.shortfalls, IsEmpty());
}

TEST(AllocationTest, TakesTheEarlierReceivedOfTwoLotsWithOneExpiry) {
  const AllocationPlan plan =
      DecideAllocation({{kA, 1}}, {Shelf(7, "2027-01-01", 5), Shelf(4, "2027-01-01", 5)});
  EXPECT_THAT(Taken(plan), ElementsAre(std::pair(4, 1)));
}

TEST(AllocationTest, NamesEveryLotItPassedOverAndWhy) {
  std::vector<Candidate> shelves = {Shelf(1, "2026-01-01", 3), Shelf(2, "2027-01-01", 3, 3),
                                    Shelf(3, "2027-02-01", 3)};
  shelves[0].reasons = {kLotExpired};
  const AllocationPlan plan = DecideAllocation({{kA, 2}}, shelves);
  EXPECT_THAT(Taken(plan), ElementsAre(std::pair(3, 2)));
  ASSERT_THAT(plan.skipped, SizeIs(2));
  EXPECT_THAT(plan.skipped[0].reasons, ElementsAre(kLotExpired));
  EXPECT_THAT(plan.skipped[1].reasons, ElementsAre(kFullyReserved));
}

TEST(AllocationTest, ALotBehindTheLastOneTakenWasNotPassedOver) {
  std::vector<Candidate> shelves = {Shelf(1, "2027-01-01", 3), Shelf(2, "2027-02-01", 3),
                                    Shelf(3, "2027-03-01", 3)};
  shelves[0].reasons = {kLotQuarantined};
  shelves[2].reasons = {kLotQuarantined};
  EXPECT_THAT(DecideAllocation({{kA, 3}}, shelves).skipped, SizeIs(1));
  const AllocationPlan short_of_one = DecideAllocation({{kA, 4}}, shelves);
  EXPECT_THAT(short_of_one.skipped, SizeIs(2)) << "looking for more it comes to the last as well";
}

TEST(AllocationTest, SaysHowMuchIsMissingOfEachProduct) {
  const AllocationPlan plan = DecideAllocation(
      {{kA, 2}, {kB, 4}}, {Shelf(1, "2027-01-01", 2), Shelf(2, "2027-01-01", 3, 0, kB)});
  ASSERT_THAT(plan.shortfalls, SizeIs(1));
  EXPECT_EQ(plan.shortfalls[0].product, kB);
  EXPECT_EQ(plan.shortfalls[0].found, 3);
  EXPECT_EQ(plan.shortfalls[0].needed, 4);
}

RC_GTEST_PROP(AllocationTest, NeverTakesMoreThanIsFreeNorALaterLotBeforeAnEarlierOne, ()) {
  std::vector<Candidate> shelves;
  const int count = *rc::gen::inRange(0, 8);
  int64_t free = 0;
  for (int i = 0; i < count; ++i) {
    const int64_t on_hand = *rc::gen::inRange(0, 6);
    const int64_t reserved = *rc::gen::inRange<int64_t>(0, on_hand + 1);
    Candidate shelf = Shelf(i + 1, "2027-01-01", on_hand, reserved);
    shelf.lot.expiry += *rc::gen::inRange(0, 5);
    if (*rc::gen::arbitrary<bool>()) shelf.reasons = {kLotQuarantined};
    if (shelf.reasons.empty()) free += shelf.Free();
    shelves.push_back(std::move(shelf));
  }
  const int64_t wanted = *rc::gen::inRange(1, 20);
  const AllocationPlan plan = DecideAllocation({{kA, wanted}}, shelves);
  int64_t taken = 0;
  for (const Allocation& allocation : plan.allocations) {
    const Candidate& shelf = shelves[allocation.lot_row - 1];
    RC_ASSERT(shelf.reasons.empty());
    RC_ASSERT(allocation.ampoules > 0 && allocation.ampoules <= shelf.Free());
    taken += allocation.ampoules;
    for (const Candidate& other : shelves) {
      if (!other.reasons.empty() || !IsUsedBefore(other.lot, shelf.lot)) continue;
      int64_t of_other = 0;
      for (const Allocation& a : plan.allocations) {
        if (a.lot_row == other.lot.row) of_other += a.ampoules;
      }
      RC_ASSERT(of_other == other.Free());
    }
  }
  RC_ASSERT(taken == std::min(wanted, free));
  RC_ASSERT(plan.shortfalls.empty() == (free >= wanted));
}

}  // namespace
}  // namespace meso::inventory
