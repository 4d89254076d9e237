// Records made late: judged by what was true when units were given and where they lay, and booked
// at that time.
#include "absl/strings/str_cat.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/inspection_operations.h"
#include "services/inventory/store/product_use_store.h"
#include "services/inventory/store/stock_store.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class AdministrationTest : public InventoryFixture {
 protected:
  absl::Time Now() { return database_.clock().Now(); }

  // A record of what was given at `when`; its deviations.
  std::vector<std::string> Give(int n, std::vector<AdministeredLot> lots, absl::Time when) {
    Administration record;
    record.appointment = AppointmentOf(n);
    record.patient = PatientName(absl::StrCat("patients/PT-", n));
    record.practitioner = "practitioners/pr-01";
    record.occurred_time = when;
    record.lots = std::move(lots);
    const auto answer = Run(&InventoryOperations::RecordAdministration, record);
    if (!answer.ok()) return {answer.status().ToString()};
    ExpectSoundLedger();
    std::vector<std::string> codes;
    for (const Deviation& deviation : answer->deviations) codes.push_back(deviation.code);
    return codes;
  }
  void DrawFree(int n, const LotName& lot, int64_t ampoules) {
    DrawRequest draw;
    draw.appointment = AppointmentOf(n);
    draw.items = {{"", lot, ampoules, FefoOverride::kDoctorDecision}};
    const auto drawn = Run(&InventoryOperations::DrawStock, draw);
    ASSERT_TRUE(drawn.ok()) << drawn.status();
  }
  // Holds the lot in one storage unit of Paris.
  void HoldIn(const std::string& unit, const LotName& lot) {
    const absl::Status held = database_->Transact([&](Transaction& tx) -> absl::Status {
      const CallContext call = Manager();
      Step step = operations_.use_case().Begin(tx, call);
      Hold hold;
      hold.hold_id = step.ids.NewId();
      hold.kind = HoldKind::kQuarantine;
      hold.site = kParis;
      hold.unit = unit;
      hold.reason = HoldReason::kDamaged;
      hold.place_time = step.now;
      return PlaceHold(step, **LoadLot(tx, lot), hold);
    });
    ASSERT_TRUE(held.ok()) << held;
  }
  void Inspect(const LotName& lot, InspectionOutcome outcome) {
    const auto answer = Run(inspections_, &InspectionOperations::InspectLot,
                            InspectRequest{lot, outcome, "seen", ""});
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  void Destroy(const LotName& lot) {
    const auto answer =
        Run(inspections_, &InspectionOperations::DisposeLot,
            DisposeRequest{lot, kParis, "", 0, WasteReason::kExpired, "users/witness", "D-1"});
    ASSERT_TRUE(answer.ok()) << answer.status();
  }

  const InspectionOperations inspections_{operations_.use_case()};
};

TEST_F(AdministrationTest, AProductBlockedAtTheSiteIsADeviation) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  DrawFree(1, a, 1);
  const auto site = [&] {
    std::optional<Site> found;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) {
                      const auto loaded = LoadSite(tx, kParis);
                      if (loaded.ok()) found = *loaded;
                      return loaded.status();
                    })
                    .ok());
    return found;
  }();
  Change("A", [&](Product& product) { product.blocked_jurisdictions = {site->jurisdiction}; });
  EXPECT_THAT(Give(1, {Given(a, 1)}, Now()), ElementsAre("NOT_AUTHORISED"));
}

TEST_F(AdministrationTest, AHoldOnAnotherStorageUnitIsNoneOnWhatWasDrawn) {
  AddUnit("fridge");
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  ReceiveInto("fridge", "A", "A1", "2027-06-30", 3);
  HoldIn("fridge", a);
  DrawFree(1, a, 2);
  EXPECT_THAT(Give(1, {Given(a, 1)}, Now()), IsEmpty());
  // Of what was not drawn nobody knows where it lay.
  EXPECT_THAT(Give(1, {Given(a, 2)}, Now()), ElementsAre("LOT_QUARANTINED", "NOT_DRAWN"));
  EXPECT_THAT(Give(2, {Given(a, 1)}, Now()), ElementsAre("LOT_QUARANTINED", "NOT_DRAWN"));
}

TEST_F(AdministrationTest, AHoldOnTheStorageUnitItWasDrawnFromIsADeviation) {
  AddUnit("fridge");
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  DrawFree(1, a, 1);
  HoldIn(kMainUnit, a);
  EXPECT_THAT(Give(1, {Given(a, 1)}, Now()), ElementsAre("LOT_QUARANTINED"));
}

TEST_F(AdministrationTest, WhatBecameOfTheLotSinceIsNoDeviation) {
  const LotName rejected = Receive("A", "A1", "2027-06-30", 3);
  const LotName destroyed = Receive("A", "A2", "2027-06-30", 3);
  for (const LotName& lot : {rejected, destroyed}) DrawFree(1, lot, 1);
  for (const LotName& lot : {rejected, destroyed}) {
    ASSERT_THAT(Give(1, {Given(lot, 1)}, Now()), IsEmpty());
  }
  DrawFree(2, rejected, 1);
  const absl::Time given = Now();
  database_.clock().Advance(absl::Hours(1));
  Inspect(rejected, InspectionOutcome::kReject);
  Destroy(destroyed);
  database_.clock().Advance(absl::Hours(1));
  EXPECT_THAT(Give(2, {Given(rejected, 1)}, given), IsEmpty());
  EXPECT_THAT(Give(3, {Given(destroyed, 1)}, given),
              ElementsAre("NOT_DRAWN", "STOCK_NOT_ON_RECORD"));
  // Given since, it is one.
  EXPECT_THAT(Give(4, {Given(rejected, 1)}, Now()), ElementsAre("LOT_NOT_RELEASED", "NOT_DRAWN"));
  EXPECT_THAT(Give(5, {Given(destroyed, 1)}, Now()), Contains("LOT_NOT_RELEASED"));
}

TEST_F(AdministrationTest, WhatWasGivenBeforeItsInspectionIsADeviationAlsoWhenItPassedSince) {
  Change("A", [](Product& product) { product.inspect_on_receipt = true; });
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  const absl::Time given = Now();
  database_.clock().Advance(absl::Hours(1));
  Inspect(a, InspectionOutcome::kRelease);
  EXPECT_THAT(Give(1, {Given(a, 1)}, given), ElementsAre("LOT_NOT_RELEASED", "NOT_DRAWN"));
  EXPECT_THAT(Give(2, {Given(a, 1)}, Now()), ElementsAre("NOT_DRAWN"));
}

TEST_F(AdministrationTest, TheLinesOfALateRecordSayWhenItHappened) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  database_.clock().Advance(absl::Hours(2));
  const absl::Time given = Now();
  database_.clock().Advance(absl::Hours(30));
  // Four of three: one has to be found first.
  Give(1, {Given(a, 3, 1)}, given);
  for (const MovementKind kind : {MovementKind::kAdjust, MovementKind::kDraw,
                                  MovementKind::kAdminister, MovementKind::kWaste}) {
    ASSERT_THAT(Lines(kind), Not(IsEmpty()));
    for (const Movement& line : Lines(kind)) {
      EXPECT_EQ(line.OccurredTime(), given) << ToText(kind);
      EXPECT_EQ(line.record_time, Now()) << ToText(kind);
    }
  }
  const auto report = Run(&InventoryOperations::CheckLedger, LedgerQuery{a, given});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->violations, IsEmpty()) << "as the books stood then";
  EXPECT_EQ(report->totals.at(Account::kStock), 3) << "nobody had told of it";
}

TEST_F(AdministrationTest, TheEntrySaysWhichLotExpiresFirstAndWhenItWasUsed) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  const LotName b = Receive("B", "B1", "2027-03-31", 3);
  Administration record;
  record.appointment = AppointmentOf(1);
  record.patient = PatientName("patients/PT-1");
  record.practitioner = "practitioners/pr-01";
  record.occurred_time = Now();
  record.lots = {Given(a, 1), Given(b, 1)};
  const CallContext call = Manager();
  ASSERT_TRUE(Run(&InventoryOperations::RecordAdministration, record, call).ok());
  EXPECT_EQ(call.audit.facts.at("earliest_expiry"), "2027-03-31");
  EXPECT_EQ(call.audit.facts.at("use_date"), FormatDate(DateAt(Now(), absl::UTCTimeZone())));
}

TEST_F(AdministrationTest, UseCountsForTheDayOnWhichItHappened) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  const absl::Time given = Now();
  database_.clock().Advance(absl::Hours(48));
  Give(1, {Given(a, 2)}, given);
  EXPECT_TRUE(database_
                  ->Read([&](Transaction& tx) -> absl::Status {
                    const auto since = [&](absl::CivilDay day) {
                      return ListProductUse(tx, kParis, day)->size();
                    };
                    const absl::CivilDay day = DateAt(given, absl::UTCTimeZone());
                    EXPECT_EQ(since(day), 1u);
                    EXPECT_EQ(since(day + 1), 0u);
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_F(AdministrationTest, AFactIsNeverTooLateAndHindersNoLaterLine) {
  const absl::Time long_ago = Now() - absl::Hours(24 * 200);
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  database_.clock().Advance(absl::Hours(1));
  EXPECT_THAT(Give(1, {Given(a, 1)}, long_ago), ElementsAre("NOT_DRAWN"));
  ASSERT_THAT(Lines(MovementKind::kAdminister), SizeIs(1));
  EXPECT_EQ(Lines(MovementKind::kAdminister)[0].OccurredTime(), long_ago);
  // The books had none then: what is booked back-dated afterwards is judged by itself.
  const CorrectionOperations corrections{operations_.use_case()};
  AdjustRequest found;
  found.site = kParis;
  found.lot = a;
  found.unit = kMainUnit;
  found.delta = 1;
  found.reason = AdjustReason::kFound;
  found.occurred_time = Now() - absl::Minutes(90);
  const auto line = Run(corrections, &CorrectionOperations::AdjustStock, found);
  EXPECT_TRUE(line.ok()) << line.status();
  found.delta = -3;
  found.reason = AdjustReason::kLost;
  found.occurred_time = Now() - absl::Minutes(30);
  const auto lost = Run(corrections, &CorrectionOperations::AdjustStock, found);
  EXPECT_TRUE(lost.ok()) << lost.status();
  ExpectSoundLedger();
}

TEST_F(AdministrationTest, AClockThatRunsAheadBooksAsOfNow) {
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  Give(1, {Given(a, 1)}, Now() + absl::Minutes(1));
  EXPECT_EQ(Lines(MovementKind::kAdminister)[0].OccurredTime(), Now());
}

}  // namespace
}  // namespace meso::inventory
