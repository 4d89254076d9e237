// Units that come back onto a shelf without coming from anywhere - found, or by taking a line back
// - are held for all that they may have gone through and for all that holds them elsewhere.
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/stock_count_operations.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/cold_chain_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class FoundUnitsTest : public ColdChainFixture {
 protected:
  FoundUnitsTest() { AddUnit("fridge2"); }

  // Ten in the fridge, which was too warm; somebody rejected them.
  LotName Rejected() {
    const LotName lot = Store("A", "A1", 10);
    Wait(60);
    EXPECT_TRUE(Send({{0, 500}, {20, 1600}, {40, 500}}).ok());
    EXPECT_TRUE(Resolve(Only(), {{lot, ExcursionDecision::kReject}}).ok());
    EXPECT_THAT(Held(lot), ElementsAre("sites/par-1 fridge"));
    Wait(120);
    return lot;
  }
  // Holds the lot in one storage unit.
  void HoldIn(const SiteName& site, const std::string& unit, const LotName& lot) {
    const absl::Status held = database_->Transact([&](Transaction& tx) -> absl::Status {
      const CallContext call = Manager();
      Step step = operations_.use_case().Begin(tx, call);
      Hold hold;
      hold.hold_id = step.ids.NewId();
      hold.kind = HoldKind::kQuarantine;
      hold.site = site;
      hold.unit = unit;
      hold.reason = HoldReason::kOther;
      hold.place_time = step.now;
      return PlaceHold(step, **LoadLot(tx, lot), hold);
    });
    ASSERT_TRUE(held.ok()) << held;
  }
  absl::StatusOr<Movement> Adjust(const std::string& unit, const LotName& lot, int64_t delta) {
    AdjustRequest request;
    request.site = kParis;
    request.lot = lot;
    request.unit = unit;
    request.delta = delta;
    request.reason = delta > 0 ? AdjustReason::kFound : AdjustReason::kLost;
    return Run(corrections_, &CorrectionOperations::AdjustStock, request);
  }
  absl::StatusOr<Movement> Waste(const LotName& lot, int64_t ampoules,
                                 absl::Time occurred = absl::InfinitePast()) {
    WasteRequest request;
    request.site = kParis;
    request.lot = lot;
    request.unit = "fridge";
    request.ampoules = ampoules;
    request.reason = WasteReason::kBroken;
    request.occurred_time = occurred;
    return Run(corrections_, &CorrectionOperations::WasteStock, request);
  }
  void TakeBack(int64_t index) {
    const auto back =
        Run(&InventoryOperations::ReverseMovement,
            ReversalRequest{kParis, index, ReversalReason::kNotHappened, "still there"});
    ASSERT_TRUE(back.ok()) << back.status();
  }
  // The fridge is too warm for an hour from `minutes` on.
  void Overheat(double minutes, const std::string& unit = "fridge") {
    TemperatureBatch batch;
    batch.storage_unit = StorageUnitNameOf(kParis, unit);
    batch.sensor = "S-" + unit;
    for (const auto& [at, centidegrees] :
         Points{{0, 500}, {5, 1600}, {30, 1600}, {60, 1600}, {65, 500}}) {
      batch.readings.push_back({At(minutes - 5 + at), centidegrees});
    }
    const auto told = RunCold(&ColdChainOperations::RecordTemperatures, batch);
    ASSERT_TRUE(told.ok()) << told.status();
  }
  void TakeIn(const TransferName& transfer, const LotName& lot, int64_t ampoules,
              const std::string& unit) {
    ReceiveTransferRequest receive;
    receive.name = transfer;
    ReceivedLine line;
    line.arrival.lot = lot;
    line.arrival.unit = unit;
    line.arrival.ampoules = ampoules;
    line.arrival.reason = "MISCOUNTED";
    receive.lines = {line};
    const auto answer = Run(transfers_, &TransferOperations::ReceiveTransfer, receive);
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  void ExpectNoDraw(const LotName& lot) {
    DrawRequest draw;
    draw.appointment = AppointmentOf(9);
    draw.items = {{"", lot, 1, FefoOverride::kDoctorDecision}};
    const absl::Status status = Run(&InventoryOperations::DrawStock, draw).status();
    EXPECT_EQ(ReasonOf(status), "LOT_QUARANTINED") << status;
    ExpectSoundLedger();
  }

  const CorrectionOperations corrections_{operations_.use_case()};
};

TEST_F(FoundUnitsTest, ARejectedLotCarriedToAnotherFridgeIsHeldThere) {
  const LotName lot = Rejected();
  ASSERT_TRUE(Adjust("fridge", lot, -10).ok());
  ASSERT_TRUE(Adjust("fridge2", lot, 10).ok());
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 fridge2"));
  ExpectNoDraw(lot);
}

TEST_F(FoundUnitsTest, AlsoWhenTheyAreFoundBeforeTheyAreMissed) {
  const LotName lot = Rejected();
  ASSERT_TRUE(Adjust("fridge2", lot, 10).ok());
  ASSERT_TRUE(Adjust("fridge", lot, -10).ok());
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 fridge2"));
  ExpectNoDraw(lot);
}

TEST_F(FoundUnitsTest, ACountThatFindsThemHoldsThem) {
  const LotName lot = Rejected();
  const StockCountOperations counts{operations_.use_case()};
  const auto count = Run(counts, &StockCountOperations::CreateStockCount,
                         CreateStockCountRequest{kParis, "", {}, AbcClass::kUnspecified});
  ASSERT_TRUE(count.ok()) << count.status();
  for (int twice = 0; twice < 2; ++twice) {
    const auto entered =
        Run(counts, &StockCountOperations::RecordStockCount,
            RecordStockCountRequest{
                count->name, {{"", lot, "fridge", 0, "moved"}, {"", lot, "fridge2", 10, "moved"}}});
    ASSERT_TRUE(entered.ok()) << entered.status();
  }
  CallContext other = Manager();
  other.caller.subject = "users/other";
  const auto posted = Run(counts, &StockCountOperations::PostStockCount,
                          PostStockCountRequest{count->name, ""}, other);
  ASSERT_TRUE(posted.ok()) << posted.status();
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 fridge2"));
  ExpectNoDraw(lot);
}

TEST_F(FoundUnitsTest, ALineTakenBackBringsUnitsUnderTheHoldThatFoundTheShelfEmpty) {
  const LotName lot = Store("A", "A1", 10);
  Wait(60);
  const auto line = Waste(lot, 10);
  ASSERT_TRUE(line.ok()) << line.status();
  Wait(120);
  ASSERT_TRUE(Send({{0, 500}, {20, 1600}, {40, 500}}).ok());
  ASSERT_THAT(Held(lot), IsEmpty()) << "nothing is left to be held";
  TakeBack(line->index);
  EXPECT_THAT(Held(lot), ElementsAre("sites/par-1 fridge"));
  ExpectNoDraw(lot);
}

TEST_F(FoundUnitsTest, AQuarantineOfOneStorageUnitFollowsOnceAndEndsByItself) {
  const LotName lot = Store("A", "A1", 10);
  HoldIn(kParis, "fridge", lot);
  ASSERT_TRUE(Adjust("fridge", lot, 1).ok());
  EXPECT_THAT(Held(lot), ElementsAre("sites/par-1 fridge")) << "it is held there";
  ASSERT_TRUE(Adjust("fridge", lot, -11).ok());
  ASSERT_TRUE(Adjust("fridge2", lot, 10).ok());
  ASSERT_TRUE(Adjust("fridge2", lot, 1).ok());
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 fridge2"));
  ExpectNoDraw(lot);
  const auto known = Run(&InventoryOperations::GetLot, lot);
  ASSERT_THAT(known->holds, SizeIs(2));
  EXPECT_EQ(known->holds[1].kind, HoldKind::kQuarantine);
  EXPECT_EQ(known->holds[1].reason, HoldReason::kOther);
  EXPECT_EQ(known->holds[1].placed_by, "users/manager");
  ASSERT_TRUE(Release(lot).ok());
  EXPECT_THAT(Held(lot), IsEmpty());
}

TEST_F(FoundUnitsTest, ALossTakenBackOnAnotherShelfBringsTheQuarantineWithIt) {
  const LotName lot = Store("A", "A1", 10);
  ReceiveInto("fridge2", "A", "A1", "2028-06-30", 10);
  const auto lost = Adjust("fridge2", lot, -10);
  ASSERT_TRUE(lost.ok()) << lost.status();
  HoldIn(kParis, "fridge", lot);
  const auto back =
      Run(&InventoryOperations::ReverseMovement,
          ReversalRequest{kParis, lost->index, ReversalReason::kNotHappened, "found"});
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 fridge2"));
}

TEST_F(FoundUnitsTest, WhatWasDeliveredThoughNotSentIsHeldLikeTheRestOfTheLotThere) {
  const LotName lot = Store("A", "A1", 10);
  Store("A", "A1", 2, kSydney);
  HoldIn(kSydney, "fridge", lot);
  TakeIn(ShipThree(lot), lot, 4, kMainUnit);
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/syd-1 fridge", "sites/syd-1 main"));
  ExpectSoundLedger();
}

TEST_F(FoundUnitsTest, WhatWasDeliveredThoughNotSentIsHeldLikeTheLotAtItsSender) {
  const LotName lot = Store("A", "A1", 10);
  Store("A", "A1", 10, kParis, "fridge2");
  HoldIn(kParis, "fridge2", lot);
  TakeIn(ShipThree(lot), lot, 3, "fridge");
  EXPECT_THAT(Held(lot), ElementsAre("sites/par-1 fridge2")) << "all were sent";
  TakeIn(ShipThree(lot), lot, 4, "fridge");
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge2", "sites/syd-1 fridge"));
  ASSERT_TRUE(Release(lot).ok());
  EXPECT_THAT(Held(lot), IsEmpty());
}

TEST_F(FoundUnitsTest, AQuarantineOfTheWholeSenderComesWithWhatWasNotSent) {
  const LotName lot = Store("A", "A1", 10);
  const TransferName transfer = ShipThree(lot);
  ASSERT_TRUE(Quarantine(lot, kParis).ok());
  TakeIn(transfer, lot, 4, "fridge");
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 ", "sites/syd-1 fridge"));
}

// What is booked as gone, is not gone, and comes back after the fridge was too warm.
class TakenBackTest : public FoundUnitsTest {
 protected:
  TakenBackTest() : lot_(Store("A", "A1", 10)) { Wait(60); }

  void ExpectHeldOnceTakenBack(int64_t index) {
    Wait(240);
    Overheat(120);
    ASSERT_THAT(Held(lot_), IsEmpty()) << "nothing is left to be held";
    TakeBack(index);
    EXPECT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge"));
    ExpectNoDraw(lot_);
    ASSERT_THAT(Only().lots, SizeIs(1));
    EXPECT_EQ(Only().lots[0].ampoules, 10);
    EXPECT_EQ(Only().state, ExcursionState::kEnded);
    // Readings of the time afterwards judge it again, and find it where it was.
    ASSERT_TRUE(Send({{230, 500}}, "S-fridge").ok());
    EXPECT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge"));
    ASSERT_TRUE(Resolve(Only(), {{lot_, ExcursionDecision::kRelease}}).ok());
    EXPECT_THAT(Held(lot_), IsEmpty());
  }

  const LotName lot_;
};

TEST_F(TakenBackTest, WasteBookedInErrorBeforeAnExcursion) {
  const auto line = Waste(lot_, 10);
  ASSERT_TRUE(line.ok()) << line.status();
  ExpectHeldOnceTakenBack(line->index);
}

TEST_F(TakenBackTest, AReturnToTheSupplierBookedInErrorBeforeAnExcursion) {
  SupplierReturnRequest request;
  request.site = kParis;
  request.lot = lot_;
  request.unit = "fridge";
  request.ampoules = 10;
  request.reason = SupplierReturnReason::kDamaged;
  const auto line = Run(corrections_, &CorrectionOperations::ReturnToSupplier, request);
  ASSERT_TRUE(line.ok()) << line.status();
  ExpectHeldOnceTakenBack(line->index);
}

TEST_F(TakenBackTest, ADrawBookedInErrorBeforeAnExcursion) {
  DrawRequest draw;
  draw.appointment = AppointmentOf(3);
  draw.items = {{"", lot_, 10, FefoOverride::kDoctorDecision}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  ExpectHeldOnceTakenBack(Lines(MovementKind::kDraw)[0].index);
}

TEST_F(TakenBackTest, ALossBookedInErrorBeforeAnExcursion) {
  const auto line = Adjust("fridge", lot_, -10);
  ASSERT_TRUE(line.ok()) << line.status();
  ExpectHeldOnceTakenBack(line->index);
}

TEST_F(TakenBackTest, ReadingsThatWereOutsideForNobodyAreReadAgain) {
  AddRanged("COLD", "09521234000228", 20, 80);
  const LotName cold = Store("COLD", "L1", 10, kParis, kMainUnit);
  const auto gone = Adjust(kMainUnit, cold, -10);
  ASSERT_TRUE(gone.ok()) << gone.status();
  Wait(240);
  Overheat(120, kMainUnit);
  ASSERT_THAT(Excursions(), IsEmpty()) << "the room promises nothing";
  TakeBack(gone->index);
  EXPECT_EQ(Only().begin, At(120));
  EXPECT_THAT(Held(cold), ElementsAre("sites/par-1 main"));
}

TEST_F(TakenBackTest, AReservationWhoseDrawIsTakenBackLooksElsewhere) {
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Waste(lot_, 8).ok()) << "the recipe needs two of them";
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(1).ok());
  Wait(240);
  Overheat(120);
  int64_t index = 0;
  for (const Movement& line : Lines(MovementKind::kDraw)) {
    if (line.lot == lot_) index = line.index;
  }
  TakeBack(index);
  EXPECT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge"));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_THAT(Reservations(1)->invalid_reasons, ElementsAre("LOT_QUARANTINED"));
  ExpectSoundLedger();
}

TEST_F(TakenBackTest, NoHoldEndsBecauseUnitsAreSaidToHaveLeftBefore) {
  Wait(240);
  Overheat(120);
  ASSERT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge"));
  const auto gone = Waste(lot_, 10, At(110));
  ASSERT_TRUE(gone.ok()) << gone.status();
  ASSERT_TRUE(Send({{235, 500}}, "S-fridge").ok());
  EXPECT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge"));
  EXPECT_EQ(Only().state, ExcursionState::kEnded) << "it waits for ResolveExcursion";
  TakeBack(gone->index);
  ASSERT_TRUE(Send({{236, 500}}, "S-fridge").ok());
  ExpectNoDraw(lot_);
}

TEST_F(TakenBackTest, NoHoldEndsBecauseUnitsAreSaidToHaveBeenMovedBefore) {
  Wait(240);
  Overheat(120);
  AdjustRequest request;
  request.site = kParis;
  request.lot = lot_;
  request.unit = "fridge";
  request.delta = -10;
  request.reason = AdjustReason::kLost;
  request.occurred_time = At(110);
  ASSERT_TRUE(Run(corrections_, &CorrectionOperations::AdjustStock, request).ok());
  request.unit = "fridge2";
  request.delta = 10;
  request.reason = AdjustReason::kFound;
  ASSERT_TRUE(Run(corrections_, &CorrectionOperations::AdjustStock, request).ok());
  EXPECT_THAT(Held(lot_), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 fridge2"));
  ASSERT_TRUE(Send({{235, 500}}, "S-fridge").ok());
  ExpectNoDraw(lot_);
}

TEST_F(TakenBackTest, AReceiptTakenBackAndBookedAgainIsStillHeld) {
  Wait(240);
  Overheat(120);
  TakeBack(Lines(MovementKind::kReceipt)[0].index);
  ASSERT_TRUE(Send({{235, 500}}, "S-fridge").ok());
  Store("A", "A1", 10);
  ExpectNoDraw(lot_);
}

TEST_F(TakenBackTest, AReceiptBookedLateWasThereAsWell) {
  Wait(240);
  Overheat(120);
  Receipt receipt;
  receipt.site = kParis;
  receipt.unit = "fridge";
  receipt.product = ProductName("products/A");
  receipt.lot_number = "A2";
  receipt.expiry = absl::CivilDay(2028, 6, 30);
  receipt.ampoules = 2;
  receipt.document = "DN-2";
  receipt.occurred_time = At(100);
  const auto late = Run(&InventoryOperations::ReceiveStock, receipt);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_THAT(late->level.reasons, ElementsAre("LOT_QUARANTINED"));
  EXPECT_THAT(Held(late->lot.name), ElementsAre("sites/par-1 fridge"));
  receipt.lot_number = "A3";
  receipt.occurred_time = At(230);
  const auto later = Run(&InventoryOperations::ReceiveStock, receipt);
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_THAT(later->level.reasons, IsEmpty());
}

// The books had none of the lot in the fridge while it was too warm; then some are found.
using UnnoticedTest = TakenBackTest;

TEST_F(UnnoticedTest, UnitsMissedBeforeAndFoundAfterwardsWereThere) {
  ASSERT_TRUE(Adjust("fridge", lot_, -10).ok());
  Wait(240);
  Overheat(120);
  ASSERT_THAT(Only().lots, IsEmpty());
  Wait(300);
  ASSERT_TRUE(Adjust("fridge", lot_, 1).ok());
  EXPECT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge"));
  ASSERT_THAT(Only().lots, SizeIs(1));
  EXPECT_EQ(Only().state, ExcursionState::kEnded);
  ExpectNoDraw(lot_);
  ASSERT_TRUE(Send({{290, 500}}, "S-fridge").ok());
  EXPECT_THAT(Held(lot_), SizeIs(1)) << "judged again, it stays";
  ASSERT_TRUE(Resolve(Only(), {{lot_, ExcursionDecision::kRelease}}).ok());
  EXPECT_THAT(Held(lot_), IsEmpty());
}

TEST_F(UnnoticedTest, TheyMayHaveLainInAnotherStorageUnitOfTheSite) {
  Store("A", "A1", 5, kParis, "fridge2");
  ASSERT_TRUE(Adjust("fridge", lot_, -10).ok());
  Wait(240);
  Overheat(120);
  ASSERT_THAT(Only().lots, IsEmpty());
  ASSERT_TRUE(Adjust("fridge2", lot_, 1).ok());
  EXPECT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge2"));
  ExpectNoDraw(lot_);
}

TEST_F(UnnoticedTest, WhatTheFridgeWentThroughBeforeTheyWereMissedOrTheLotCameIsNotTheirs) {
  Wait(240);
  Overheat(65);
  ASSERT_TRUE(Resolve(Only(), {{lot_, ExcursionDecision::kRelease}}).ok());
  const LotName later = Store("A", "A2", 3);
  Wait(250);
  ASSERT_TRUE(Adjust("fridge", later, -1).ok());
  ASSERT_TRUE(Adjust("fridge", later, 2).ok());
  EXPECT_THAT(Held(later), IsEmpty());
  ASSERT_THAT(Only().lots, SizeIs(1));
  EXPECT_EQ(Only().state, ExcursionState::kResolved);
}

TEST_F(UnnoticedTest, ADecisionIsAskedForAgain) {
  const LotName other = Store("A", "A2", 3);
  ASSERT_TRUE(Adjust("fridge", lot_, -10).ok());
  Wait(240);
  Overheat(120);
  ASSERT_TRUE(Resolve(Only(), {{other, ExcursionDecision::kRelease}}).ok());
  ASSERT_TRUE(Adjust("fridge", lot_, 1).ok());
  EXPECT_EQ(Only().state, ExcursionState::kEnded);
  EXPECT_THAT(Held(other), IsEmpty()) << "what was decided stays";
  ASSERT_TRUE(Resolve(Only(), {{lot_, ExcursionDecision::kReject}}).ok());
  EXPECT_THAT(Held(lot_), ElementsAre("sites/par-1 fridge"));
}

// What an excursion rejected is followed only to where its units may be.
using FollowedTest = FoundUnitsTest;

TEST_F(FollowedTest, UnitsFoundAtASiteThatGotNoneFromThereAreFree) {
  const LotName lot = Rejected();
  Store("A", "A1", 5, kSydney);
  Wait(180);
  AdjustRequest request;
  request.site = kSydney;
  request.lot = lot;
  request.unit = "fridge";
  request.delta = 1;
  request.reason = AdjustReason::kFound;
  ASSERT_TRUE(Run(corrections_, &CorrectionOperations::AdjustStock, request).ok());
  EXPECT_THAT(Held(lot), ElementsAre("sites/par-1 fridge"));
}

TEST_F(FollowedTest, WhatCameAfterARejectionIsReleasedByName) {
  const LotName lot = Rejected();
  ASSERT_TRUE(Adjust("fridge2", lot, 1).ok());
  Wait(130);
  const auto known = Run(&InventoryOperations::GetLot, lot);
  ASSERT_THAT(known->holds, SizeIs(2));
  EXPECT_EQ(ReasonOf(Release(lot).status()), "STATE_NOT_ALLOWED") << "not in passing";
  EXPECT_EQ(ReasonOf(Release(lot, {known->holds[0].hold_id}).status()), "STATE_NOT_ALLOWED")
      << "what was rejected stays";
  ASSERT_EQ(known->holds[1].unit, "fridge2");
  const auto released = Release(lot, {known->holds[1].hold_id});
  ASSERT_TRUE(released.ok()) << released.status();
  EXPECT_THAT(Held(lot), ElementsAre("sites/par-1 fridge"));
  EXPECT_THAT(Only().lots[0].holds, SizeIs(1));
  // Other units of the lot that come elsewhere do not bring it back; more that come here do.
  Wait(140);
  ASSERT_TRUE(Adjust(kMainUnit, lot, 1).ok());
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 main"));
  Wait(150);
  ASSERT_TRUE(Adjust("fridge2", lot, 1).ok());
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/par-1 fridge", "sites/par-1 main",
                                              "sites/par-1 fridge2"));
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
