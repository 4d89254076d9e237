#include "services/inventory/domain/lot_past.h"

#include <gtest/gtest.h>

namespace meso::inventory {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1795000000);
absl::Time At(int hours) { return kStart + absl::Hours(hours); }

Lot InState(LotState state) {
  Lot lot;
  lot.state = state;
  return lot;
}

Movement Line(MovementKind kind, int64_t ampoules, int hours) {
  Movement line;
  line.kind = kind;
  line.site = SiteName("sites/par-1");
  line.unit = "main";
  line.ampoules = ampoules;
  line.record_time = At(hours);
  return line;
}

TEST(LotPastTest, AnInspectionCountsFromItsMomentOn) {
  LotPast past;
  past.inspections = {{At(10), LotState::kReleased}, {At(20), LotState::kRejected}};
  const Lot lot = InState(LotState::kRejected);
  EXPECT_EQ(StateAt(lot, past, At(9)), LotState::kReceived);
  EXPECT_EQ(StateAt(lot, past, At(10)), LotState::kReleased);
  EXPECT_EQ(StateAt(lot, past, At(19)), LotState::kReleased);
  EXPECT_EQ(StateAt(lot, past, At(20)), LotState::kRejected);
}

TEST(LotPastTest, WhatNobodyInspectedIsAsItIs) {
  EXPECT_EQ(StateAt(InState(LotState::kReleased), {}, At(1)), LotState::kReleased);
  EXPECT_EQ(StateAt(InState(LotState::kReceived), {}, At(1)), LotState::kReceived);
}

TEST(LotPastTest, OfARejectedLotOnlyTheGateProvesThatItWasReleased) {
  LotPast past;
  past.inspections = {{At(20), LotState::kRejected}};
  const Lot lot = InState(LotState::kRejected);
  EXPECT_EQ(StateAt(lot, past, At(9)), LotState::kRejected) << "it may have waited all the time";
  past.passed_gate = true;
  EXPECT_EQ(StateAt(lot, past, At(9)), LotState::kReleased);
  EXPECT_EQ(StateAt(lot, past, At(21)), LotState::kRejected);
}

TEST(LotPastTest, ADestroyedLotWasWhatItWasUntilItsLastUnitWent) {
  LotPast past;
  past.dispose_time = At(20);
  past.passed_gate = true;
  const Lot lot = InState(LotState::kDisposed);
  EXPECT_EQ(StateAt(lot, past, At(19)), LotState::kReleased);
  EXPECT_EQ(StateAt(lot, past, At(20)), LotState::kDisposed);
  past.inspections = {{At(10), LotState::kRejected}};
  EXPECT_EQ(StateAt(lot, past, At(15)), LotState::kRejected);
}

TEST(LotPastTest, TheLastUnitCountsOnEveryShelfAndInEveryHand) {
  std::vector<Movement> lines = {Line(MovementKind::kReceipt, 5, 0),
                                 Line(MovementKind::kDraw, 1, 1),
                                 Line(MovementKind::kDispose, 4, 2)};
  EXPECT_EQ(DisposeTimeOf(lines), std::nullopt) << "one is drawn";
  lines.push_back(Line(MovementKind::kReturnDrawn, 1, 3));
  lines.push_back(Line(MovementKind::kDispose, 1, 4));
  EXPECT_EQ(DisposeTimeOf(lines), At(4));
  lines.push_back(Line(MovementKind::kAdjust, 1, 5));
  lines.push_back(Line(MovementKind::kDispose, 1, 6));
  EXPECT_EQ(DisposeTimeOf(lines), At(4)) << "it stays disposed";
}

TEST(LotPastTest, ADrawThatARecordBookedAfterwardsProvesNothing) {
  EXPECT_FALSE(
      HasPassedGate({Line(MovementKind::kReceipt, 5, 0), Line(MovementKind::kWaste, 1, 1)}));
  Movement draw = Line(MovementKind::kDraw, 1, 1);
  EXPECT_TRUE(HasPassedGate({draw}));
  draw.administration = AdministrationName("administrations/1");
  EXPECT_FALSE(HasPassedGate({draw}));
  EXPECT_TRUE(HasPassedGate({Line(MovementKind::kOpen, 1, 1)}));
  EXPECT_TRUE(HasPassedGate({Line(MovementKind::kDispense, 1, 1)}));
}

}  // namespace
}  // namespace meso::inventory
