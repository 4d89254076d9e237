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
}

std::vector<Shelf> ShelvesNow(const RecentLines& lot, int hours) {
  std::vector<Shelf> shelves;
  for (const Place& place : PlacesNow(lot, kA, At(hours))) shelves.push_back(place.shelf);
  return shelves;
}

TEST(WhereaboutsTest, UnitsAreFollowedAlongTransfersAndWithinTheSitesTheyReached) {
  RecentLines lot = Transferred();
  const Shelf main_of_b{kB.first, "main"};
  lot.balances = {Has(kA, 2), Has(kB, 1), Has(main_of_b, 1), Has(kC, 3)};
  lot.lines.push_back(Line(MovementKind::kAdjust, main_of_b, 1, 7));
  lot.lines.push_back(Line(MovementKind::kAdjust, kC, 3, 8));
  EXPECT_THAT(ShelvesNow(lot, 1), ElementsAre(kA, kB, main_of_b)) << "nothing went to C";
  EXPECT_THAT(ShelvesNow(lot, 6), ElementsAre(kA)) << "B had its units before";
  EXPECT_EQ(PlacesNow(lot, kA, At(1))[1].arrival, At(5));
  EXPECT_EQ(PlacesNow(lot, kA, At(1))[0].arrival, absl::InfinitePast());
  // From B they go on to C; what was found there before is not theirs.
  Movement out = Line(MovementKind::kReceiveTransfer, kB, 1, 9);
  out.from = Account::kInTransit;
  out.to = Account::kTransfer;
  lot.lines.push_back(out);
  lot.lines.push_back(Line(MovementKind::kReceiveTransfer, kC, 1, 9));
  EXPECT_THAT(ShelvesNow(lot, 1), ElementsAre(kA, kB, main_of_b, kC));
  EXPECT_THAT(ShelvesNow(lot, 6), ElementsAre(kA));
}

TEST(WhereaboutsTest, WhatATreatmentBringsIntoTheBooksIsNowhere) {
  Movement given = Line(MovementKind::kAdjust, kA, 1, 5);
  given.administration = AdministrationName("administrations/1");
  EXPECT_FALSE(IsFound(given));
  const Shelf main{kA.first, "main"};
  given.unit = "main";
  const RecentLines lot{kFrom, {Has(kA, 1), Has(main, 1)}, {given}};
  EXPECT_THAT(ShelvesNow(lot, 1), ElementsAre(kA));
}

Movement Mirror(const Movement& of, int hours) {
  Movement mirror = of;
  mirror.kind = MovementKind::kReverse;
  mirror.reversed_kind = of.kind;
  mirror.index = of.index + 100;
  mirror.reverses = of.index;
  mirror.record_time = At(hours);
  mirror.occurred_time = absl::InfinitePast();
  return mirror;
}

TEST(WhereaboutsTest, WhatWasTakenBackNeverLeft) {
  Movement draw = Line(MovementKind::kDraw, kA, 3, 2);
  draw.index = 1;
  const RecentLines both{kFrom, {Has(kA, 3)}, {draw, Mirror(draw, 8)}};
  EXPECT_EQ(UnitsDuring(PresenceAt(both, kA), At(4), At(5)), 3);
  const RecentLines mirror_only{At(3), {Has(kA, 3)}, {Mirror(draw, 8)}};
  EXPECT_EQ(UnitsDuring(PresenceAt(mirror_only, kA), At(4), At(5)), 3);
  // A receipt taken back was believed until then: its units were there.
  Movement receipt = Line(MovementKind::kReceipt, kA, 3, 2);
  receipt.index = 1;
  const RecentLines gone{kFrom, {Has(kA, 0)}, {receipt, Mirror(receipt, 8)}};
  EXPECT_EQ(UnitsDuring(PresenceAt(gone, kA), At(4), At(5)), 3);
  EXPECT_EQ(UnitsDuring(PresenceAt(gone, kA), At(8), At(9)), 0);
}

TEST(WhereaboutsTest, WhatWasKnownBeforeIsWithoutTheLinesSince) {
  Movement late = Line(MovementKind::kReceipt, kA, 2, 9);
  late.occurred_time = At(1);
  const RecentLines lot{kFrom, {Has(kA, 5)}, {Line(MovementKind::kReceipt, kA, 3, 4), late}};
  const RecentLines before = AsRecordedBy(lot, At(8));
  EXPECT_THAT(before.lines, SizeIs(1));
  EXPECT_EQ(before.balances[0].on_hand, 3);
  EXPECT_EQ(PresenceAt(before, kA).when[0].begin, At(4));
  EXPECT_THAT(AsRecordedBy(lot, At(9)).lines, SizeIs(2));
}

TEST(WhereaboutsTest, NobodyIsBelievedThatUnitsHadLeftBefore) {
  Movement waste = Line(MovementKind::kWaste, kA, 3, 8);
  waste.from = Account::kStock;
  waste.to = Account::kWasted;
  waste.occurred_time = At(2);
  EXPECT_EQ(UnitsDuring(PresenceAt({kFrom, {Has(kA, 0)}, {waste}}, kA), At(4), At(5)), 3);
  waste.administration = AdministrationName("administrations/1");
  EXPECT_EQ(UnitsDuring(PresenceAt({kFrom, {Has(kA, 0)}, {waste}}, kA), At(4), At(5)), 0);
}

Movement Missed(const Shelf& shelf, int64_t ampoules, int hours) {
  Movement line = Line(MovementKind::kAdjust, shelf, ampoules, hours);
  line.from = Account::kStock;
  line.to = Account::kAdjustment;
  return line;
}

TEST(WhereaboutsTest, FoundUnitsLayThereSinceTheyWereMissed) {
  const RecentLines lot{
      kFrom, {Has(kA, 1)}, {Missed(kA, 1, 3), Line(MovementKind::kAdjust, kA, 1, 8)}};
  const Presence presence = PresenceAt(lot, kA);
  EXPECT_EQ(UnitsDuring(presence, At(4), At(5)), 1);
  EXPECT_EQ(UnitsDuring(presence, At(1), At(2)), 1) << "the same one, not two";
  EXPECT_EQ(UnnoticedSince(lot), At(3));
}

TEST(WhereaboutsTest, FoundUnitsThatNobodyMissedWereThereSinceTheLotCame) {
  const Shelf main{kA.first, "main"};
  RecentLines lot{
      kFrom,
      {Has(kA, 0), Has(main, 6)},
      {Line(MovementKind::kReceipt, main, 5, 2), Line(MovementKind::kAdjust, main, 1, 8)}};
  lot.first_at[kA.first] = At(2);
  for (const Shelf& shelf : {kA, main}) {
    EXPECT_EQ(UnitsDuring(PresenceAt(lot, shelf), At(0), At(1)), 0);
  }
  EXPECT_EQ(UnitsDuring(PresenceAt(lot, kA), At(4), At(5)), 1) << "nobody knows where it lay";
  EXPECT_EQ(UnitsDuring(PresenceAt(lot, kA), At(9), At(10)), 0);
  EXPECT_EQ(UnitsDuring(PresenceAt(lot, main), At(4), At(5)), 6);
  EXPECT_EQ(UnnoticedSince(lot), At(2));
  EXPECT_THAT(PresenceAt(lot, {kA.first, "other"}).when, IsEmpty()) << "it was never there";
  lot.lines.pop_back();
  EXPECT_EQ(UnnoticedSince(lot), absl::InfiniteFuture());
}

TEST(WhereaboutsTest, UnitsUnderWayAreStillTheSenders) {
  const RecentLines lot{kFrom, {Has(kA, 0, 4)}, {Line(MovementKind::kShip, kA, 4, 3)}};
  EXPECT_THAT(ShelvesNow(lot, 1), ElementsAre(kA));
  EXPECT_EQ(UnitsDuring(PresenceAt(lot, kA), At(4), At(5)), 0);
}

}  // namespace
}  // namespace meso::inventory
