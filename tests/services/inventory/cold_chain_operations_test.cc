// Readings become excursions, excursions hold lots, a person decides; and whatever the order of the
// readings, the end is the same.
#include "services/inventory/cold_chain_operations.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/database/audit_outbox.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/cold_chain_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using ColdChainOperationsTest = ColdChainFixture;

constexpr double kHour = 60;
constexpr double kDayMinutes = 24 * kHour;

TEST_F(ColdChainOperationsTest, ALotBeyondItsLimitsIsHeldAndItsReservationsLookElsewhere) {
  const LotName hot = Store("A", "HOT", 2);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  Wait(kHour);
  ASSERT_TRUE(Send({{10, 500}, {20, 500}}).ok());
  EXPECT_THAT(Excursions(), IsEmpty());
  const auto before = static_cast<int64_t>(Events().size());
  const auto answer = Send({{30, 1501}});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(answer->excursions, SizeIs(1));
  EXPECT_THAT(Events(before), ElementsAre("LotHeld", "ReservationInvalidated", "ExcursionChanged"));
  const Excursion excursion = Only();
  EXPECT_EQ(excursion.state, ExcursionState::kOpen);
  EXPECT_EQ(excursion.begin, At(30));
  EXPECT_EQ(excursion.end, std::nullopt);
  ASSERT_THAT(excursion.lots, SizeIs(1));
  EXPECT_TRUE(excursion.lots[0].exceeded);
  EXPECT_THAT(excursion.lots[0].causes, Contains(kAbovePeak));
  EXPECT_EQ(excursion.lots[0].ampoules, 2);
  EXPECT_THAT(Held(hot), ElementsAre("sites/par-1 fridge"));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);

  ASSERT_TRUE(Send({{40, 500}}).ok());
  EXPECT_EQ(Only().state, ExcursionState::kEnded);
  EXPECT_EQ(Only().end, At(40));
  EXPECT_EQ(Events().back(), "ExcursionChanged");
  Receive("A", "SPARE", "2027-12-31", 2);
  RunAllWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(ColdChainOperationsTest, AToleratedExcursionHoldsNothingAndIsResolvedByItself) {
  const LotName lot = Store("A", "A1", 3);
  Wait(4 * kDayMinutes);
  Points points = Steady(0, kDayMinutes, 400);
  const Points warm = Steady(kDayMinutes, kDayMinutes + 2 * kHour, 1200);
  const Points after = Steady(kDayMinutes + 2 * kHour, 3 * kDayMinutes, 400);
  points.insert(points.end(), warm.begin(), warm.end());
  points.insert(points.end(), after.begin(), after.end());
  ASSERT_TRUE(Send(points).ok());
  const Excursion excursion = Only();
  EXPECT_EQ(excursion.state, ExcursionState::kResolved);
  EXPECT_EQ(excursion.resolver, "");
  ASSERT_THAT(excursion.lots, SizeIs(1));
  EXPECT_FALSE(excursion.lots[0].exceeded);
  EXPECT_EQ(excursion.lots[0].outside, absl::Hours(2));
  EXPECT_GT(excursion.lots[0].mkt, 400);
  EXPECT_THAT(Held(lot), IsEmpty());
  EXPECT_EQ(Resolve(excursion, {}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ColdChainOperationsTest, EachProductIsJudgedByItsOwnRange) {
  AddRanged("COLD", "09521234000228", 20, 80);
  AddRanged("WIDE", "09521234000440", 20, 250);
  ExcursionRule brittle;
  brittle.outside_max = absl::ZeroDuration();
  AddRanged("BRITTLE", "09521234000556", 20, 80, brittle);
  const LotName cold = Store("COLD", "L1", 1);
  const LotName wide = Store("WIDE", "L2", 1);
  const LotName weak = Store("BRITTLE", "L3", 1);
  Wait(3 * kDayMinutes);
  Points points = Steady(0, kDayMinutes, 300);
  points.push_back({kDayMinutes, 1200});
  const Points after = Steady(kDayMinutes + 30, kDayMinutes * 2, 300);
  points.insert(points.end(), after.begin(), after.end());
  ASSERT_TRUE(Send(points).ok());
  EXPECT_THAT(Held(cold), IsEmpty());
  EXPECT_THAT(Held(wide), IsEmpty());
  EXPECT_THAT(Held(weak), SizeIs(1));
  EXPECT_THAT(Only().lots, SizeIs(3)) << "every lot that was there";
}

TEST_F(ColdChainOperationsTest, AProductInAPlaceThatPromisesNothingIsWatchedByItsOwnRange) {
  AddRanged("COLD", "09521234000228", 20, 80);
  const LotName cold = Store("COLD", "L1", 1, kParis, kMainUnit);
  Wait(kHour);
  TemperatureBatch batch{StorageUnitNameOf(kParis, kMainUnit), "R1", {{At(50), 2200}}};
  ASSERT_TRUE(RunCold(&ColdChainOperations::RecordTemperatures, batch).ok());
  EXPECT_THAT(Only().lots[0].causes, ElementsAre(kAbovePeak, kMktTooHigh));
  EXPECT_THAT(Held(cold), ElementsAre("sites/par-1 main"));
  EXPECT_THAT(Excursions("storage_unit = fridge"), IsEmpty());
  EXPECT_THAT(Excursions(absl::StrCat("lot = \"", cold.value(), "\" AND state = OPEN")), SizeIs(1));
}

TEST_F(ColdChainOperationsTest, ALotThatCameAfterwardsIsNotConcerned) {
  const LotName early = Store("A", "A1", 1);
  Wait(30);
  ASSERT_TRUE(Send({{0, 500}, {10, 1600}, {20, 500}}).ok());
  const LotName late = Store("A", "A2", 1);
  ASSERT_TRUE(Send({{25, 500}}).ok());
  ASSERT_THAT(Only().lots, SizeIs(1));
  EXPECT_EQ(Only().lots[0].lot, early);
  EXPECT_THAT(Held(late), IsEmpty());
}

TEST_F(ColdChainOperationsTest, AReadingIsKnownBySensorAndTime) {
  Wait(kHour);
  ASSERT_TRUE(Send({{10, 500}, {20, 510}}).ok());
  const auto again = Send({{20, 510}, {10, 500}, {30, 520}, {30, 520}});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->recorded, 1);
  EXPECT_EQ(again->duplicates, 3);
  for (const Points& wrong : {Points{{40, 500}, {20, 511}}, Points{{50, 1}, {50, 2}}}) {
    const absl::Status status = Send(wrong).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
    EXPECT_EQ(ReasonOf(status), "ALREADY_EXISTS");
  }
  EXPECT_EQ(Sensors()[0].readings, 3) << "a refused batch leaves nothing";
  EXPECT_TRUE(Send({{20, 999}}, "S2").ok()) << "another sensor";
  const absl::Status future = Send({{61, 500}}).status();
  EXPECT_EQ(ReasonOf(future), "FIELD_INVALID");
  EXPECT_EQ(DetailsOf(future).violations[0].subject, "readings[0].measure_time");
  TemperatureBatch nowhere{StorageUnitNameOf(kParis, "cellar"), "S1", {{At(1), 1}}};
  EXPECT_EQ(ReasonOf(RunCold(&ColdChainOperations::RecordTemperatures, nowhere).status()),
            "RESOURCE_NOT_FOUND");
  nowhere.storage_unit = StorageUnitNameOf(kSydney, "fridge");
  EXPECT_EQ(
      ReasonOf(
          RunCold(&ColdChainOperations::RecordTemperatures, nowhere, AtSite("par-1")).status()),
      "RESOURCE_NOT_FOUND");
}

TEST_F(ColdChainOperationsTest, ALateReadingInsideSplitsAnExcursion) {
  Wait(2 * kHour);
  ASSERT_TRUE(Send({{0, 500}, {10, 900}, {30, 1000}, {40, 500}}).ok());
  ASSERT_EQ(Only().min, 900);
  ASSERT_TRUE(Send({{20, 700}}).ok());
  const std::vector<Excursion> both = Excursions();
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(both[0].begin, At(10));
  EXPECT_EQ(both[0].end, At(20));
  EXPECT_EQ(both[0].max, 900);
  EXPECT_EQ(both[1].begin, At(30));
  EXPECT_EQ(both[1].end, At(40));
  EXPECT_EQ(both[1].min, 1000);
}

TEST_F(ColdChainOperationsTest, LateReadingsThatShowNoLimitWasExceededLetGo) {
  const LotName lot = Store("A", "A1", 1);
  Wait(4 * kDayMinutes);
  // All that is known first is the warm hour: 12 degrees on average is too hot.
  ASSERT_TRUE(Send({{kDayMinutes, 1200}, {kDayMinutes + 30, 1200}, {kDayMinutes + 60, 500}}).ok());
  EXPECT_THAT(Held(lot), SizeIs(1));
  EXPECT_EQ(Only().state, ExcursionState::kEnded);
  const auto before = static_cast<int64_t>(Events().size());
  ASSERT_TRUE(Send(Steady(0, kDayMinutes, 400)).ok());
  EXPECT_THAT(Held(lot), IsEmpty());
  EXPECT_EQ(Only().state, ExcursionState::kResolved);
  EXPECT_THAT(Events(before), ElementsAre("LotReleased", "ExcursionChanged"));
}

TEST_F(ColdChainOperationsTest, NoBookingEndsAHold) {
  constexpr double kCame = 2 * kDayMinutes;
  Wait(kCame);
  ASSERT_TRUE(Send(Steady(0, kCame, 400)).ok());
  const LotName lot = Store("A", "A1", 2);
  Wait(kCame + 4 * kHour);
  // Two hours are known of the lot, one of them at 12 degrees.
  ASSERT_TRUE(Send({{kCame + 30, 400}, {kCame + 60, 1200}, {kCame + 90, 1200}}).ok());
  ASSERT_TRUE(Send({{kCame + 120, 400}}).ok());
  ASSERT_THAT(Held(lot), SizeIs(1));
  // Had it been there for days, the mean would be low enough.
  Wait(kCame + 5 * kHour);
  Receipt receipt;
  receipt.site = kParis;
  receipt.unit = "fridge";
  receipt.product = ProductName("products/A");
  receipt.lot_number = "A1";
  receipt.expiry = absl::CivilDay(2028, 6, 30);
  receipt.ampoules = 1;
  receipt.document = "DN-2";
  receipt.occurred_time = At(10);
  const auto late = Run(&InventoryOperations::ReceiveStock, receipt);
  ASSERT_TRUE(late.ok()) << late.status();
  ASSERT_TRUE(Send({{kCame + 150, 400}}).ok());
  EXPECT_THAT(Held(lot), SizeIs(1));
  EXPECT_EQ(Only().state, ExcursionState::kEnded);
}

TEST_F(ColdChainOperationsTest, MissingReadingsAreNotAssumedToBeGood) {
  AddRanged("COLD", "09521234000228", 20, 80);
  const LotName lot = Store("COLD", "L1", 1);
  Wait(5 * kDayMinutes);
  ASSERT_TRUE(Send(Steady(0, kDayMinutes, 300)).ok());
  // Outside by a hair, then nothing for a day and a half, then inside.
  ASSERT_TRUE(Send({{kDayMinutes, 810}, {2.5 * kDayMinutes, 300}}).ok());
  EXPECT_TRUE(Only().incomplete);
  EXPECT_THAT(Only().lots[0].causes, ElementsAre(kTooLong, kMktTooHigh));
  EXPECT_THAT(Held(lot), SizeIs(1));
  // The logger is read out: it was cold all the time.
  ASSERT_TRUE(Send(Steady(kDayMinutes + 30, 2.5 * kDayMinutes, 300)).ok());
  EXPECT_FALSE(Only().incomplete);
  EXPECT_THAT(Held(lot), IsEmpty());
}

TEST_F(ColdChainOperationsTest, ASilentSensorIsAnAlarmOfItsOwnAndEndsWhatItSaw) {
  Store("A", "A1", 1);
  ASSERT_TRUE(Send({{0, 900}}).ok());
  Wait(10);
  ASSERT_TRUE(Send({{10, 900}}).ok());
  Wait(40);
  RunAllWork();
  EXPECT_THAT(Sensors("silent = true"), IsEmpty()) << "30 minutes are not longer than 30 minutes";
  EXPECT_EQ(Only().state, ExcursionState::kOpen);
  Wait(40.1);
  EXPECT_THAT(Sensors("silent = true"), SizeIs(1)) << "a reader sees it at once";
  const auto before = static_cast<int64_t>(Events().size());
  RunAllWork();
  EXPECT_THAT(Events(before), ElementsAre("SensorSilenceChanged", "ExcursionChanged"));
  EXPECT_EQ(Only().state, ExcursionState::kEnded);
  EXPECT_EQ(Only().end, At(10));
  EXPECT_TRUE(Only().incomplete);
  Wait(300);
  RunAllWork();
  EXPECT_THAT(Events(before), SizeIs(2)) << "once";

  // A late one from before does not end the silence, one of now does.
  ASSERT_TRUE(Send({{5, 900}}).ok());
  const std::vector<std::string> late = Events(before);
  EXPECT_EQ(std::count(late.begin(), late.end(), "SensorSilenceChanged"), 1);
  EXPECT_TRUE(Sensors()[0].IsSilent(database_.clock().Now()));
  ASSERT_TRUE(Send({{300, 900}}).ok());
  EXPECT_EQ(Only().state, ExcursionState::kOpen) << "it goes on";
  EXPECT_EQ(Only().begin, At(0));
  EXPECT_THAT(Sensors("silent = false"), SizeIs(1));
  Wait(331);
  RunAllWork();
  const std::vector<std::string> events = Events(before);
  EXPECT_EQ(std::count(events.begin(), events.end(), "SensorSilenceChanged"), 3);
}

TEST_F(ColdChainOperationsTest, TheBudgetTravelsWithTheLot) {
  AddRanged("COLD", "09521234000228", 20, 80);
  const LotName lot = Store("COLD", "L1", 4);
  const LotName local = Store("COLD", "L2", 4, kSydney);
  // Four hours at 14 degrees in Paris are tolerated by themselves ...
  Wait(kDayMinutes + 5 * kHour);
  ASSERT_TRUE(Send(Steady(0, kDayMinutes, 400)).ok());
  ASSERT_TRUE(Send(Steady(kDayMinutes, kDayMinutes + 4 * kHour, 1400)).ok());
  ASSERT_TRUE(Send({{kDayMinutes + 4 * kHour, 400}, {kDayMinutes + 5 * kHour, 400}}).ok());
  ASSERT_THAT(Held(lot), IsEmpty());
  Ship(lot, 3);
  Wait(kDayMinutes + 7 * kHour);
  Arrive(lot, 3);
  // ... and so are three more in Sydney, for what was there all the time.
  Wait(kDayMinutes + 16 * kHour);
  ASSERT_TRUE(Send(Steady(0, kDayMinutes + 8 * kHour, 400), "S1", kSydney).ok());
  ASSERT_TRUE(
      Send(Steady(kDayMinutes + 8 * kHour, kDayMinutes + 11 * kHour, 1400), "S1", kSydney).ok());
  ASSERT_TRUE(
      Send(Steady(kDayMinutes + 11 * kHour, kDayMinutes + 16 * kHour, 400), "S1", kSydney).ok());
  EXPECT_THAT(Held(local), IsEmpty());
  EXPECT_THAT(Held(lot), ElementsAre("sites/syd-1 fridge")) << "what stayed in Paris is free";
  const std::vector<Excursion> there = Excursions(absl::StrCat("lot = \"", local.value(), "\""));
  ASSERT_THAT(there, SizeIs(1));
  for (const ExcursionLot& one : there[0].lots) {
    EXPECT_EQ(one.outside, one.lot == lot ? absl::Hours(7) : absl::Hours(3));
    EXPECT_EQ(one.exceeded, one.lot == lot);
  }
}

TEST_F(ColdChainOperationsTest, LateReadingsHoldTheLotWhereItsUnitsHaveGone) {
  const LotName lot = Store("A", "A1", 4);
  Wait(kHour);
  Ship(lot, 3);
  Wait(2 * kHour);
  Arrive(lot, 3);
  Wait(3 * kHour);
  ASSERT_TRUE(Send({{0, 500}, {20, 1600}, {40, 500}}).ok());
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/syd-1 fridge"));
  const auto resolved = Resolve(Only(), {{lot, ExcursionDecision::kRelease}});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_THAT(Held(lot), IsEmpty()) << "everywhere";
}

TEST_F(ColdChainOperationsTest, UnitsThatLeftBeforeAnExcursionAreNotConcerned) {
  const LotName lot = Store("A", "A1", 4);
  Wait(10);
  Ship(lot, 4);
  Wait(kHour);
  Arrive(lot, 4);
  ASSERT_TRUE(Send({{5, 500}, {20, 1600}, {40, 500}}).ok());
  EXPECT_THAT(Only().lots, IsEmpty());
  EXPECT_THAT(Held(lot), IsEmpty());
}

TEST_F(ColdChainOperationsTest, HoldsFollowUnitsThatArriveLater) {
  const LotName lot = Store("A", "A1", 4);
  Wait(10);
  Ship(lot, 3);
  Wait(kHour);
  ASSERT_TRUE(Send({{0, 1600}, {20, 500}}).ok());
  EXPECT_THAT(Held(lot), ElementsAre("sites/par-1 fridge"));
  Wait(2 * kHour);
  Arrive(lot, 3);
  ASSERT_TRUE(database_
                  ->Transact([&](Transaction& tx) -> absl::Status {
                    const CallContext call = Manager();
                    Step step = operations_.use_case().Begin(tx, call);
                    return FollowMovedUnits(step, **LoadLot(tx, lot));
                  })
                  .ok());
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/syd-1 fridge"));
  ASSERT_TRUE(Resolve(Only(), {{lot, ExcursionDecision::kRelease}}).ok());
  EXPECT_THAT(Held(lot), IsEmpty());
}

TEST_F(ColdChainOperationsTest, UnitsThatArriveDoNotReadWhatTheirLotHasLongSurvived) {
  const LotName lot = Store("A", "A1", 4);
  Wait(21 * kDayMinutes);
  const TransferName transfer = ShipThree(lot);
  // A tolerated warm hour every day, and one that nobody may tolerate.
  Points points = Steady(0, 20 * kDayMinutes, 400);
  for (auto& [minutes, centidegrees] : points) {
    if (std::fmod(minutes, kDayMinutes) == 600) centidegrees = 900;
    if (minutes == 600) centidegrees = 1600;
  }
  ASSERT_TRUE(Send(points).ok());
  ASSERT_THAT(Excursions(), SizeIs(20));
  ASSERT_THAT(Held(lot), ElementsAre("sites/par-1 fridge"));
  ReceiveTransferRequest receive;
  receive.name = transfer;
  ReceivedLine received;
  received.arrival.lot = lot;
  received.arrival.unit = "fridge";
  received.arrival.ampoules = 3;
  receive.lines = {received};
  ASSERT_THAT(Held(lot), ElementsAre("sites/par-1 fridge"));
  FaultyDatabase counted(*database_);
  const absl::Status arrived = counted.Transact(
      [&](Transaction& tx) { return transfers_.ReceiveTransfer(tx, Manager(), receive).status(); });
  ASSERT_TRUE(arrived.ok()) << arrived;
  EXPECT_LT(counted.statements(), 40)
      << "the hold is placed without the excursions that hold nothing";
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/syd-1 fridge"));
  std::vector<Excursion> holding = Excursions();
  holding.erase(std::remove_if(holding.begin(), holding.end(),
                               [](const Excursion& one) { return one.lots[0].holds.empty(); }),
                holding.end());
  ASSERT_THAT(holding, SizeIs(1));
  ASSERT_TRUE(Resolve(holding[0], {{lot, ExcursionDecision::kRelease}}).ok());
  EXPECT_THAT(Held(lot), IsEmpty());
}

TEST_F(ColdChainOperationsTest, APersonDecidesForEveryLot) {
  const LotName good = Store("A", "A1", 1);
  const LotName bad = Store("B", "B1", 1);
  const LotName elsewhere = Store("C", "C1", 1, kSydney);
  Wait(kHour);
  ASSERT_TRUE(Send({{40, 1600}}).ok());
  const Excursion open = Only();
  const LotDecision release{good, ExcursionDecision::kRelease};
  const LotDecision reject{bad, ExcursionDecision::kReject};
  EXPECT_EQ(ReasonOf(Resolve(open, {release, reject}).status()), "STATE_NOT_ALLOWED");
  ASSERT_TRUE(Send({{50, 500}}).ok());
  const Excursion ended = Only();
  for (const std::vector<LotDecision>& wrong :
       {std::vector<LotDecision>{},
        {release},
        {release, release, reject},
        {release, reject, {elsewhere, ExcursionDecision::kRelease}}}) {
    const absl::Status status = Resolve(ended, wrong).status();
    EXPECT_EQ(ReasonOf(status), "STATE_NOT_ALLOWED");
    EXPECT_THAT(DetailsOf(status).violations, Not(IsEmpty()));
  }
  EXPECT_EQ(ReasonOf(Resolve(ended, {release, reject}, "r1").status()), "ETAG_MISMATCH");
  EXPECT_EQ(ReasonOf(Release(good).status()), "STATE_NOT_ALLOWED") << "not by ReleaseLot";
  EXPECT_EQ(ReasonOf(Release(good, {ended.lots[0].holds[0].hold_id}).status()),
            "STATE_NOT_ALLOWED");
  const auto before = static_cast<int64_t>(Events().size());
  const auto resolved = Resolve(ended, {release, reject}, EtagOf(ended.revision));
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->state, ExcursionState::kResolved);
  EXPECT_EQ(resolved->resolver, "users/manager");
  EXPECT_EQ(resolved->resolve_time, At(kHour));
  EXPECT_EQ(resolved->note, "The maker's stability data");
  EXPECT_THAT(Events(before), ElementsAre("LotReleased", "ExcursionChanged"));
  EXPECT_THAT(Held(good), IsEmpty());
  EXPECT_THAT(Held(bad), SizeIs(1));
  EXPECT_EQ(ReasonOf(Release(bad).status()), "STATE_NOT_ALLOWED") << "for ever";
  EXPECT_EQ(ReasonOf(Resolve(*resolved, {release, reject}).status()), "STATE_NOT_ALLOWED");
  // A hold of another kind beside it can still be released.
  ASSERT_TRUE(Quarantine(bad).ok());
  ASSERT_TRUE(Release(bad).ok());
  EXPECT_THAT(Held(bad), SizeIs(1));
  const auto read = RunCold(&ColdChainOperations::GetExcursion, ended.name);
  EXPECT_EQ(read->lots[1].decision, ExcursionDecision::kReject);
  EXPECT_EQ(
      ReasonOf(RunCold(&ColdChainOperations::GetExcursion, ended.name, AtSite("syd-1")).status()),
      "RESOURCE_NOT_FOUND");
}

TEST_F(ColdChainOperationsTest, ADecisionStandsUntilMoreSpeaksAgainstTheLot) {
  const LotName lot = Store("A", "A1", 1);
  Wait(kHour);
  ASSERT_TRUE(Send({{0, 500}, {10, 1600}, {30, 1600}, {40, 500}}).ok());
  ASSERT_TRUE(Resolve(Only(), {{lot, ExcursionDecision::kRelease}}).ok());
  ASSERT_TRUE(Send({{15, 1550}, {50, 500}}).ok());
  EXPECT_EQ(Only().state, ExcursionState::kResolved);
  EXPECT_THAT(Held(lot), IsEmpty());
  // What was decided on 16 degrees was not decided on 30.
  ASSERT_TRUE(Send({{20, 3000}}).ok());
  EXPECT_EQ(Only().state, ExcursionState::kEnded);
  EXPECT_EQ(Only().resolver, "");
  EXPECT_THAT(Held(lot), SizeIs(1));
}

TEST_F(ColdChainOperationsTest, WhatFollowsADecisionIsAnotherExcursion) {
  const LotName lot = Store("A", "A1", 1);
  ASSERT_TRUE(Send({{0, 1600}}).ok());
  Wait(31);
  RunAllWork();
  ASSERT_EQ(Only().state, ExcursionState::kEnded);
  ASSERT_TRUE(Resolve(Only(), {{lot, ExcursionDecision::kRelease}}).ok());
  ASSERT_TRUE(Send({{31, 1600}}).ok());
  const std::vector<Excursion> both = Excursions();
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(both[0].state, ExcursionState::kResolved);
  EXPECT_EQ(both[1].begin, At(31));
  EXPECT_EQ(both[1].state, ExcursionState::kOpen);
  EXPECT_THAT(Held(lot), SizeIs(1));
}

TEST_F(ColdChainOperationsTest, WhatIsDrawnAndNotYetGivenIsToldAtRisk) {
  Store("A", "A1", 2);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  Wait(20);
  ASSERT_TRUE(Draw(1).ok());
  ASSERT_TRUE(Send({{0, 500}, {10, 1600}, {20, 500}}).ok());
  std::vector<OutboxEvent> events;
  ASSERT_TRUE(database_
                  ->Read([&](Transaction& tx) {
                    const auto all = ListEventsAfter(tx, 0, 1000);
                    if (all.ok()) events = *all;
                    return all.status();
                  })
                  .ok());
  const bool named = std::any_of(events.begin(), events.end(), [](const OutboxEvent& event) {
    return event.type == "meso.inventory.v1.LotHeld" &&
           event.data.find(AppointmentOf(1).value()) != std::string::npos;
  });
  EXPECT_TRUE(named);
}

}  // namespace
}  // namespace meso::inventory
