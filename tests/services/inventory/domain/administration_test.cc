#include "services/inventory/domain/administration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1795000000);

LotEvidence GoodEvidence() {
  LotEvidence evidence;
  evidence.lot.state = LotState::kReleased;
  evidence.lot.expiry = *ParseDate("2027-01-31");
  evidence.product.unit_microlitres = 2000;
  evidence.use = {SiteName("sites/par-1"), *ParseDate("2027-01-31"), kNow, 0};
  evidence.drawn_open = 2;
  evidence.on_hand = 5;
  return evidence;
}

AdministeredLot Given(int64_t ampoules, int64_t wasted = 0, int64_t microlitres = 0) {
  AdministeredLot line;
  line.lot = LotName("lots/00000000-0000-7000-8000-000000000001");
  line.ampoules = ampoules;
  line.wasted = wasted;
  line.microlitres = microlitres;
  return line;
}

std::vector<std::string> Codes(const AdministeredLot& line, const LotEvidence& evidence) {
  std::vector<std::string> codes;
  for (const Deviation& deviation : DecideDeviations(line, evidence)) {
    codes.push_back(deviation.code);
  }
  return codes;
}

TEST(DeviationTest, DrawnAndUsableUnitsBreakNoRule) {
  EXPECT_THAT(Codes(Given(1, 1, 2000), GoodEvidence()), IsEmpty());
}

TEST(DeviationTest, GivingAnExpiredOrHeldLotIsFlaggedWithEveryReason) {
  LotEvidence evidence = GoodEvidence();
  ++evidence.use.date;
  Hold hold;
  hold.kind = HoldKind::kRecall;
  hold.place_time = kNow;
  evidence.lot.holds = {hold};
  EXPECT_THAT(Codes(Given(1), evidence), ElementsAre(kLotRecalled, kLotExpired));
  EXPECT_THAT(Codes(Given(0, 1), evidence), IsEmpty()) << "thrown away is what should happen";
}

TEST(DeviationTest, UnitsNotDrawnAndUnitsNotOnTheShelfAreTwoFacts) {
  EXPECT_THAT(Codes(Given(3), GoodEvidence()), ElementsAre("NOT_DRAWN"));
  EXPECT_THAT(Codes(Given(7), GoodEvidence()), ElementsAre("NOT_DRAWN"));
  EXPECT_THAT(Codes(Given(8), GoodEvidence()), ElementsAre("NOT_DRAWN", "STOCK_NOT_ON_RECORD"));
}

TEST(DeviationTest, MoreVolumeThanTheUnitsHoldIsFlagged) {
  EXPECT_THAT(Codes(Given(2, 0, 4000), GoodEvidence()), IsEmpty());
  EXPECT_THAT(Codes(Given(2, 0, 4001), GoodEvidence()), ElementsAre("OVER_VOLUME"));
}

std::vector<std::string> Fields(const Administration& administration) {
  FieldErrors errors;
  CheckAdministration(administration, kNow, errors);
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(errors.ToStatus()).violations) {
    fields.push_back(violation.subject);
  }
  return fields;
}

TEST(AdministrationTest, EveryBrokenFieldIsNamedAtOnce) {
  Administration record;
  record.practitioner = "somebody";
  record.occurred_time = kNow + absl::Minutes(3);
  record.lots = {Given(0), Given(1), Given(101)};
  record.lots[1].lot = LotName("lots/x");
  EXPECT_THAT(Fields(record), UnorderedElementsAre(
                                  "administration.practitioner", "administration.occurred_time",
                                  "administration.lots[0]", "administration.lots[1].lot",
                                  "administration.lots[2].ampoules", "administration.lots[2].lot"));
  record = {};
  EXPECT_THAT(Fields(record),
              UnorderedElementsAre("administration.practitioner", "administration.lots"));
}

}  // namespace
}  // namespace meso::inventory
