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

AdministeredLot Volume(int64_t microlitres, int64_t wasted = 0) {
  AdministeredLot line;
  line.lot = LotName("lots/00000000-0000-7000-8000-000000000001");
  line.container = ContainerName("sites/par-1/containers/00000000-0000-7000-8000-000000000002");
  line.microlitres = microlitres;
  line.wasted_microlitres = wasted;
  return line;
}

ContainerEvidence OpenEvidence() {
  const LotEvidence good = GoodEvidence();
  ContainerEvidence evidence;
  evidence.lot = good.lot;
  evidence.product = good.product;
  evidence.use = good.use;
  evidence.container.state = ContainerState::kOpen;
  evidence.container.remaining = 300;
  evidence.container.beyond_use_time = kNow + absl::Microseconds(1);
  evidence.drawn_open = 500;
  return evidence;
}

std::vector<std::string> Codes(const AdministeredLot& line, const ContainerEvidence& evidence) {
  std::vector<std::string> codes;
  for (const Deviation& deviation : DecideDeviations(line, evidence)) {
    codes.push_back(deviation.code);
  }
  return codes;
}

TEST(VolumeDeviationTest, WhatWasDrawnBreaksNoRuleAndWhatWasNotIsFlagged) {
  EXPECT_THAT(Codes(Volume(400, 100), OpenEvidence()), IsEmpty());
  EXPECT_THAT(Codes(Volume(500, 1), OpenEvidence()), ElementsAre("NOT_DRAWN"));
  EXPECT_THAT(Codes(Volume(800), OpenEvidence()), ElementsAre("NOT_DRAWN"));
  EXPECT_THAT(Codes(Volume(801), OpenEvidence()), ElementsAre("NOT_DRAWN", "OVER_VOLUME"));
}

TEST(VolumeDeviationTest, GivingPastTheBeyondUseTimeIsFlaggedThrowingAwayIsNot) {
  ContainerEvidence evidence = OpenEvidence();
  evidence.container.beyond_use_time = kNow;
  EXPECT_THAT(Codes(Volume(100), evidence), ElementsAre("CONTAINER_BEYOND_USE"));
  ++evidence.use.date;
  EXPECT_THAT(Codes(Volume(100), evidence), ElementsAre(kLotExpired, "CONTAINER_BEYOND_USE"));
  EXPECT_THAT(Codes(Volume(0, 100), evidence), IsEmpty());
}

TEST(OverDoseTest, TheCapIsTheMostThatIsFine) {
  Product product;
  product.unit_microlitres = 2000;
  EXPECT_EQ(DecideOverDose(product, 1000000), std::nullopt) << "no cap";
  product.session_microlitres_max = 3000;
  EXPECT_EQ(DecideOverDose(product, 3000), std::nullopt);
  ASSERT_TRUE(DecideOverDose(product, 3001).has_value());
  EXPECT_EQ(DecideOverDose(product, 3001)->code, "OVER_DOSE");
  EXPECT_EQ(GivenMicrolitres(Given(2, 0, 1500), product), 1500);
  EXPECT_EQ(GivenMicrolitres(Given(2), product), 4000) << "an unknown dose is no small one";
  EXPECT_EQ(GivenMicrolitres(Volume(700, 200), product), 700);
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

TEST(AdministrationTest, ALineIsWholeUnitsOrAVolumeNeverBoth) {
  Administration record;
  record.appointment = AppointmentName("sites/par-1/appointments/x");
  record.practitioner = "practitioners/pr-01";
  record.occurred_time = kNow;
  record.lots = {Given(1), Volume(1)};
  EXPECT_THAT(Fields(record), IsEmpty()) << "once as units, once out of the container";
  record.lots = {Volume(1), Volume(0, 1)};
  EXPECT_THAT(Fields(record), ElementsAre("administration.lots[1].lot"));
  record.lots = {Volume(0)};
  EXPECT_THAT(Fields(record), ElementsAre("administration.lots[0]"));
  record.lots = {Volume(-1, 100000001)};
  record.lots[0].ampoules = 1;
  record.lots[0].wasted = 1;
  EXPECT_THAT(Fields(record), UnorderedElementsAre("administration.lots[0].ampoules",
                                                   "administration.lots[0].wasted_ampoules",
                                                   "administration.lots[0].microlitres",
                                                   "administration.lots[0].wasted_microlitres"));
  record.lots = {Volume(1)};
  record.lots[0].container =
      ContainerName("sites/syd-1/containers/00000000-0000-7000-8000-000000000002");
  EXPECT_THAT(Fields(record), ElementsAre("administration.lots[0].container"));
  record.lots[0].container = ContainerName("containers/1");
  EXPECT_THAT(Fields(record), ElementsAre("administration.lots[0].container"));
  record.lots = {Given(1)};
  record.lots[0].wasted_microlitres = 1;
  EXPECT_THAT(Fields(record), ElementsAre("administration.lots[0].wasted_microlitres"));
}

}  // namespace
}  // namespace meso::inventory
