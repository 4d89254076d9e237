// Who was on a shelf, where those units had been before, and where they are now.
#include "services/inventory/domain/whereabouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kFrom = absl::FromUnixSeconds(1800000000);
const Shelf kA{SiteName("sites/a"), "fridge"};
const Shelf kB{SiteName("sites/b"), "fridge"};
const Shelf kC{SiteName("sites/c"), "fridge"};
absl::Time At(int hours) { return kFrom + absl::Hours(hours); }

StoredBalance Has(const Shelf& shelf, int64_t on_hand, int64_t in_transit = 0) {
  StoredBalance balance;
  balance.site = shelf.first;
  balance.unit = shelf.second;
  balance.on_hand = on_hand;
  balance.in_transit = in_transit;
  return balance;
}

Movement Line(MovementKind kind, const Shelf& shelf, int64_t ampoules, int hours) {
  Movement line;
  line.kind = kind;
  line.site = shelf.first;
  line.unit = shelf.second;
  line.ampoules = ampoules;
  line.record_time = At(hours);
  return line;
}

TEST(WhereaboutsTest, UnitsThatNeverMovedWereAlwaysThere) {
  const RecentLines lot{kFrom, {Has(kA, 5)}, {}};
  const Presence presence = PresenceAt(lot, kA);
  ASSERT_THAT(presence.when, SizeIs(1));
  EXPECT_EQ(presence.when[0].begin, kFrom);
  EXPECT_EQ(UnitsDuring(presence, At(1), At(2)), 5);
  EXPECT_THAT(PresenceAt(lot, kB).when, IsEmpty());
}

TEST(WhereaboutsTest, PresenceFollowsTheLedgerBackwards) {
  const RecentLines lot{kFrom,
                        {Has(kA, 0)},
                        {Line(MovementKind::kReceipt, kA, 4, 2),
                         Line(MovementKind::kDraw, kA, 1, 3), Line(MovementKind::kDraw, kA, 3, 5)}};
  const Presence presence = PresenceAt(lot, kA);
  ASSERT_THAT(presence.when, SizeIs(1));
  EXPECT_EQ(presence.when[0].begin, At(2));
  EXPECT_EQ(presence.when[0].end, At(5));
  EXPECT_EQ(UnitsDuring(presence, At(0), At(1)), 0);
  EXPECT_EQ(UnitsDuring(presence, At(3), At(9)), 4);
  EXPECT_EQ(UnitsDuring(presence, At(5), At(9)), 0) << "the last unit left as it began";
}

TEST(WhereaboutsTest, ABackdatedLineCountsWhenItHappened) {
  Movement late = Line(MovementKind::kReceipt, kA, 2, 9);
  late.occurred_time = At(4);
  const RecentLines lot{kFrom, {Has(kA, 2)}, {late}};
  EXPECT_EQ(PresenceAt(lot, kA).when[0].begin, At(4));
}

TEST(WhereaboutsTest, AnOpenedContainerStaysOnItsShelf) {
  StoredBalance opened = Has(kA, 0);
  opened.opened = 1;
  const RecentLines lot{kFrom, {opened}, {Line(MovementKind::kOpen, kA, 1, 3)}};
  EXPECT_EQ(UnitsDuring(PresenceAt(lot, kA), At(4), At(5)), 1);
}

// Four units went from A to B: shipped at 3, received at 5.
RecentLines Transferred() {
  Movement out = Line(MovementKind::kReceiveTransfer, kA, 4, 5);
  out.from = Account::kInTransit;
  out.to = Account::kTransfer;
  return {
      kFrom,
      {Has(kA, 2), Has(kB, 4)},
      {Line(MovementKind::kShip, kA, 4, 3), out, Line(MovementKind::kReceiveTransfer, kB, 4, 5)}};
}

TEST(WhereaboutsTest, ThePastTravelsWithTheUnits) {
  const RecentLines lot = Transferred();
  const std::vector<Stay> stays = StaysOf(lot, kB);
  ASSERT_THAT(stays, SizeIs(2));
  EXPECT_EQ(stays[0].shelf, kB);
  EXPECT_EQ(stays[0].when.begin, At(5));
  EXPECT_EQ(stays[1].shelf, kA);
  EXPECT_EQ(stays[1].when.begin, kFrom);
  EXPECT_EQ(stays[1].when.end, At(3)) << "what happened at A after they left is not theirs";
  EXPECT_THAT(StaysOf(lot, kA), SizeIs(1)) << "nothing came to A";
}

TEST(WhereaboutsTest, ThePastOfEveryShelfThatGaveUnitsBeforeCounts) {
  RecentLines lot = Transferred();
  // Three of B's went on to C, by a correction of the books.
  Movement left = Line(MovementKind::kAdjust, kB, 3, 7);
  left.from = Account::kStock;
  left.to = Account::kAdjustment;
  lot.lines.push_back(left);
  lot.lines.push_back(Line(MovementKind::kAdjust, kC, 3, 8));
  lot.balances = {Has(kA, 2), Has(kB, 1), Has(kC, 3)};
  std::vector<Shelf> shelves;
  for (const Stay& stay : StaysOf(lot, kC)) shelves.push_back(stay.shelf);
  EXPECT_THAT(shelves, ElementsAre(kC, kA, kB));
  EXPECT_THAT(PlacesNow(lot, kA, At(1)), ElementsAre(kA, kB, kC));
  EXPECT_THAT(PlacesNow(lot, kA, At(6)), ElementsAre(kA, kC)) << "B had its units before";
}

TEST(WhereaboutsTest, UnitsUnderWayAreStillTheSenders) {
  const RecentLines lot{kFrom, {Has(kA, 0, 4)}, {Line(MovementKind::kShip, kA, 4, 3)}};
  EXPECT_THAT(PlacesNow(lot, kA, At(1)), ElementsAre(kA));
  EXPECT_EQ(UnitsDuring(PresenceAt(lot, kA), At(4), At(5)), 0);
}

}  // namespace
}  // namespace meso::inventory
