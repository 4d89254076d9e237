#include "services/inventory/domain/lot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/reservation.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1795000000);
const SiteName kParis("sites/par-1");
const SiteName kSydney("sites/syd-1");

Lot ReleasedLot(const char* expiry) {
  Lot lot;
  lot.name = LotName("lots/a");
  lot.state = LotState::kReleased;
  lot.expiry = *ParseDate(expiry);
  return lot;
}

std::vector<std::string> Judge(const Lot& lot, const char* date, int64_t life = 0,
                               const SiteName& site = kParis) {
  return DecideEligibility(lot, {site, *ParseDate(date), kNow, life});
}

Hold HoldOf(HoldKind kind, SiteName site = SiteName()) {
  Hold hold;
  hold.kind = kind;
  hold.site = std::move(site);
  hold.place_time = kNow - absl::Hours(1);
  return hold;
}

TEST(EligibilityTest, ALotIsUsableThroughTheEndOfItsExpiryDate) {
  const Lot lot = ReleasedLot("2026-12-31");
  EXPECT_THAT(Judge(lot, "2026-12-30"), IsEmpty());
  EXPECT_THAT(Judge(lot, "2026-12-31"), IsEmpty());
  EXPECT_THAT(Judge(lot, "2027-01-01"), ElementsAre(kLotExpired));
}

TEST(EligibilityTest, TheProductsMinimumLifeCountsFromTheUseDate) {
  const Lot lot = ReleasedLot("2026-12-31");
  EXPECT_THAT(Judge(lot, "2026-12-01", 30), IsEmpty());
  EXPECT_THAT(Judge(lot, "2026-12-02", 30), ElementsAre(kBeyondUseDate));
  EXPECT_THAT(Judge(lot, "2027-01-01", 30), ElementsAre(kLotExpired));
}

TEST(EligibilityTest, HoldsAddUpAndOneIsEnough) {
  Lot lot = ReleasedLot("2027-12-31");
  lot.holds = {HoldOf(HoldKind::kQuarantine), HoldOf(HoldKind::kRecall)};
  EXPECT_THAT(Judge(lot, "2026-12-01"), ElementsAre(kLotRecalled, kLotQuarantined));
  lot.holds[1].release_time = kNow;
  EXPECT_THAT(Judge(lot, "2026-12-01"), ElementsAre(kLotQuarantined));
  lot.holds[0].release_time = kNow;
  EXPECT_THAT(Judge(lot, "2026-12-01"), IsEmpty());
}

TEST(EligibilityTest, AHoldAtOneSiteLeavesTheOthersAlone) {
  Lot lot = ReleasedLot("2027-12-31");
  lot.holds = {HoldOf(HoldKind::kExcursion, kParis)};
  EXPECT_THAT(Judge(lot, "2026-12-01", 0, kParis), ElementsAre(kLotQuarantined));
  EXPECT_THAT(Judge(lot, "2026-12-01", 0, kSydney), IsEmpty());
}

TEST(EligibilityTest, AHoldCountsOnlyWhileItWasInForce) {
  Hold hold = HoldOf(HoldKind::kQuarantine);
  hold.release_time = kNow + absl::Hours(1);
  EXPECT_FALSE(hold.HoldsAt(kParis, "", hold.place_time - absl::Microseconds(1)));
  EXPECT_TRUE(hold.HoldsAt(kParis, "", hold.place_time));
  EXPECT_TRUE(hold.HoldsAt(kParis, "", *hold.release_time - absl::Microseconds(1)));
  EXPECT_FALSE(hold.HoldsAt(kParis, "", *hold.release_time));
}

TEST(EligibilityTest, OnlyAReleasedLotIsUsable) {
  for (LotState state : {LotState::kReceived, LotState::kRejected, LotState::kDisposed}) {
    Lot lot = ReleasedLot("2027-12-31");
    lot.state = state;
    EXPECT_THAT(Judge(lot, "2026-12-01"), ElementsAre(kLotNotReleased));
  }
}

TEST(EligibilityTest, ALotOfADraftProductIsNotReleasedWhateverItsState) {
  Use use{kParis, *ParseDate("2026-12-01"), kNow};
  use.draft = true;
  EXPECT_THAT(DecideEligibility(ReleasedLot("2027-12-31"), use), ElementsAre(kLotNotReleased));
  Lot lot = ReleasedLot("2027-12-31");
  lot.state = LotState::kReceived;
  EXPECT_THAT(DecideEligibility(lot, use), ElementsAre(kLotNotReleased));
}

TEST(CalendarTest, TheDateIsTheSitesOwn) {
  const absl::Time instant = absl::FromUnixSeconds(1798761600);  // 2027-01-01T00:00:00Z
  EXPECT_EQ(FormatDate(DateAt(instant - absl::Seconds(1), *FindTimeZone("Europe/London"))),
            "2026-12-31");
  EXPECT_EQ(FormatDate(DateAt(instant, *FindTimeZone("Europe/London"))), "2027-01-01");
  EXPECT_EQ(FormatDate(DateAt(instant, *FindTimeZone("America/New_York"))), "2026-12-31");
  EXPECT_EQ(FormatDate(DateAt(instant - absl::Hours(12), *FindTimeZone("Australia/Sydney"))),
            "2026-12-31");
  EXPECT_EQ(FormatDate(DateAt(instant - absl::Hours(11), *FindTimeZone("Australia/Sydney"))),
            "2027-01-01");
  EXPECT_FALSE(FindTimeZone("Europe/Atlantis").has_value());
}

TEST(CalendarTest, ReadsOnlyExistingDays) {
  EXPECT_TRUE(ParseDate("2028-02-29").has_value());
  for (const char* text : {"2027-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "20260101",
                           "2026-01-1a", "", "0026-01-01", "2026-04-31"}) {
    EXPECT_FALSE(ParseDate(text).has_value()) << text;
  }
}

TEST(ReservationTest, LapsesAtItsExpireTimeWhateverIsStored) {
  Reservation reservation;
  reservation.expire_time = kNow;
  for (ReservationState state : {ReservationState::kReserved, ReservationState::kConfirmed,
                                 ReservationState::kInvalidated}) {
    reservation.state = state;
    EXPECT_EQ(reservation.StateAt(kNow - absl::Microseconds(1)), state);
    EXPECT_EQ(reservation.StateAt(kNow), ReservationState::kExpired);
  }
  reservation.state = ReservationState::kDrawn;
  EXPECT_EQ(reservation.StateAt(kNow), ReservationState::kDrawn);
}

TEST(ReservationTest, KeepsUnconfirmedADayAndConfirmedUntilTwoDaysAfterUse) {
  Reservation reservation;
  reservation.use_time = kNow + absl::Hours(100);
  EXPECT_EQ(ExpireTimeOf(reservation, kNow), kNow + absl::Hours(24));
  reservation.confirmed = true;
  EXPECT_EQ(ExpireTimeOf(reservation, kNow), kNow + absl::Hours(148));
}

TEST(ReservationTest, NeedsOnlyWhatIsNotDrawn) {
  Reservation reservation;
  Allocation allocation;
  allocation.product = ProductName("products/A");
  allocation.ampoules = 3;
  allocation.drawn = 2;
  reservation.allocations = {allocation};
  const std::vector<Need> left =
      UndrawnNeeds({{ProductName("products/A"), 3}, {ProductName("products/B"), 1}}, reservation);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].ampoules, 1);
  EXPECT_EQ(left[1].ampoules, 1);
}

}  // namespace
}  // namespace meso::inventory
