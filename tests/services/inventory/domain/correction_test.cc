// What inspections lead to, what the ledger calls the reasons, and until when a patient uses what
// was handed out.
#include "services/inventory/domain/correction.h"

#include <gtest/gtest.h>

#include "services/inventory/domain/dispensing.h"

namespace meso::inventory {
namespace {

TEST(InspectionTest, OnlyWhatWaitsIsReleasedAndWhatIsRejectedOrDestroyedStaysSo) {
  struct Case {
    LotState state;
    InspectionOutcome outcome;
    LotState expected;
  };
  const Case cases[] = {
      {LotState::kReceived, InspectionOutcome::kRelease, LotState::kReleased},
      {LotState::kReceived, InspectionOutcome::kReject, LotState::kRejected},
      {LotState::kReleased, InspectionOutcome::kRelease, LotState::kUnspecified},
      {LotState::kReleased, InspectionOutcome::kReject, LotState::kRejected},
      {LotState::kRejected, InspectionOutcome::kRelease, LotState::kUnspecified},
      {LotState::kRejected, InspectionOutcome::kReject, LotState::kUnspecified},
      {LotState::kDisposed, InspectionOutcome::kRelease, LotState::kUnspecified},
      {LotState::kDisposed, InspectionOutcome::kReject, LotState::kUnspecified},
      {LotState::kReceived, InspectionOutcome::kUnspecified, LotState::kUnspecified},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(DecideInspection(c.state, c.outcome), c.expected)
        << ToText(c.state) << " " << ToText(c.outcome);
  }
}

TEST(CorrectionTest, ReasonsHaveTheNamesOfTheContract) {
  EXPECT_EQ(ToText(WasteReason::kBroken), "BROKEN");
  EXPECT_EQ(ToText(WasteReason::kOther), "OTHER");
  EXPECT_EQ(ToText(AdjustReason::kOpeningBalance), "OPENING_BALANCE");
  EXPECT_EQ(ToText(AdjustReason::kOther), "OTHER");
  EXPECT_EQ(ToText(ReturnReason::kWrongLot), "WRONG_LOT");
  EXPECT_EQ(ToText(SupplierReturnReason::kOther), "OTHER");
  EXPECT_EQ(ToText(LotState::kDisposed), "DISPOSED");
}

TEST(DispensingTest, TheLotIsJudgedOnTheLastDayAtHomeAndOnNoDayBeforeToday) {
  const absl::CivilDay today(2026, 11, 20);
  EXPECT_EQ(UseUntilOf(std::nullopt, today), today);
  EXPECT_EQ(UseUntilOf(today - 1, today), today);
  EXPECT_EQ(UseUntilOf(today, today), today);
  EXPECT_EQ(UseUntilOf(today + 28, today), today + 28);
}

}  // namespace
}  // namespace meso::inventory
