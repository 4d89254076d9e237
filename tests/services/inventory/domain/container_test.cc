// Opened containers: until when, for whom, how much.
#include "services/inventory/domain/container.h"

#include <gtest/gtest.h>

#include "gmock/gmock.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::TimeZone kParis = *FindTimeZone("Europe/Paris");

absl::Time At(int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(2026, 11, day, hour, minute), kParis);
}

TEST(ContainerTest, TheBeyondUseTimeIsTheEarliestOfLotProductAndDay) {
  struct Case {
    const char* what;
    absl::CivilDay expiry;
    absl::Duration after_opening;
    int64_t min_life;
    absl::Time expected;
  };
  const absl::CivilDay far(2027, 6, 30);
  const Case cases[] = {
      {"a product without a time: the end of the day", far, absl::ZeroDuration(), 0, At(21, 0)},
      {"hours", far, absl::Hours(6), 0, At(20, 16, 30)},
      {"days beyond the lot: the end of its last day", absl::CivilDay(2026, 11, 22),
       absl::Hours(24 * 28), 0, At(23, 0)},
      {"days within the lot", far, absl::Hours(24 * 2), 0, At(22, 10, 30)},
      {"the product wants life left", absl::CivilDay(2026, 11, 25), absl::Hours(24 * 28), 3,
       At(23, 0)},
      {"the lot's last day is today", absl::CivilDay(2026, 11, 20), absl::Hours(48), 0, At(21, 0)},
  };
  for (const Case& c : cases) {
    Lot lot;
    lot.expiry = c.expiry;
    Product product;
    product.after_opening = c.after_opening;
    product.min_remaining_life_days = c.min_life;
    EXPECT_EQ(BeyondUseTimeOf(lot, product, At(20, 10, 30), kParis), c.expected) << c.what;
  }
}

TEST(ContainerTest, TheDayOfASiteIsAsLongAsItIs) {
  // The clocks go back on 25 October: the day has 25 hours.
  Lot lot;
  lot.expiry = absl::CivilDay(2027, 6, 30);
  const absl::Time opened = absl::FromCivil(absl::CivilHour(2026, 10, 25, 1), kParis);
  EXPECT_EQ(BeyondUseTimeOf(lot, Product(), opened, kParis) - opened, absl::Hours(24));
}

TEST(ContainerTest, ItIsDueOnTheDayItsTimeEnds) {
  EXPECT_EQ(DueTimeOf(At(21, 0), kParis), At(20, 0)) << "midnight is the end of the day before";
  EXPECT_EQ(DueTimeOf(At(21, 0) + absl::Microseconds(1), kParis), At(21, 0));
  EXPECT_EQ(DueTimeOf(At(20, 16, 30), kParis), At(20, 0));
}

TEST(ContainerTest, ItsOwnReasonComesAfterTheLotsAndOnce) {
  OpenedContainer container;
  container.beyond_use_time = At(21, 0);
  EXPECT_THAT(DecideContainerUse(container, {}, At(21, 0) - absl::Microseconds(1)), IsEmpty());
  EXPECT_THAT(DecideContainerUse(container, {}, At(21, 0)), ElementsAre(kBeyondUseDate));
  EXPECT_THAT(DecideContainerUse(container, {kLotRecalled}, At(21, 0)),
              ElementsAre(kLotRecalled, kBeyondUseDate));
  EXPECT_THAT(DecideContainerUse(container, {kBeyondUseDate}, At(21, 0)),
              ElementsAre(kBeyondUseDate));
  EXPECT_THAT(DecideContainerUse(container, {kLotQuarantined}, At(20, 0)),
              ElementsAre(kLotQuarantined));
}

TEST(ContainerTest, AVolumeStandsForEveryUnitBegun) {
  EXPECT_EQ(UnitsFor(0, 2000), 0);
  EXPECT_EQ(UnitsFor(1, 2000), 1);
  EXPECT_EQ(UnitsFor(2000, 2000), 1);
  EXPECT_EQ(UnitsFor(2001, 2000), 2);
  EXPECT_EQ(UnitsFor(4000, 2000), 2);
}

TEST(ContainerTest, OpenOnesComeFirstForWhomeverMayUseThem) {
  const AppointmentName mine("sites/par-1/appointments/1");
  const AppointmentName other("sites/par-1/appointments/2");
  OpenedContainer container;
  container.state = ContainerState::kOpen;
  container.remaining = 1;
  EXPECT_TRUE(IsUsedBeforeNew(container, mine));
  EXPECT_TRUE(IsUsedBeforeNew(container, AppointmentName()));
  container.appointment = mine;
  EXPECT_TRUE(IsUsedBeforeNew(container, mine));
  EXPECT_FALSE(IsUsedBeforeNew(container, other));
  EXPECT_FALSE(IsUsedBeforeNew(container, AppointmentName()));
  container.reasons = {kBeyondUseDate};
  EXPECT_FALSE(IsUsedBeforeNew(container, mine));
  container.reasons.clear();
  container.state = ContainerState::kEmpty;
  EXPECT_FALSE(IsUsedBeforeNew(container, mine));
  container.state = ContainerState::kOpen;
  container.remaining = 0;
  EXPECT_FALSE(IsUsedBeforeNew(container, mine));
}

TEST(ContainerTest, OnlyAMultiDoseVialIsForSeveral) {
  Product product;
  for (int kind = 1; kind <= 5; ++kind) {
    product.container_kind = static_cast<ContainerKind>(kind);
    EXPECT_EQ(IsMultiDose(product), product.container_kind == ContainerKind::kMultiDoseVial);
  }
}

TEST(ContainerTest, AnAppointmentThatDrewNothingHasDrawnNothing) {
  const AppointmentName mine("sites/par-1/appointments/1");
  OpenedContainer container;
  EXPECT_EQ(container.DrawOf(mine).Open(), 0);
  container.draws = {{mine, 700, 200}};
  EXPECT_EQ(container.DrawOf(mine).Open(), 500);
  EXPECT_EQ(container.DrawOf(AppointmentName("sites/par-1/appointments/2")).Open(), 0);
}

}  // namespace
}  // namespace meso::inventory
