// Units that were carried from a held shelf to another and booked there as found are held there
// too, whichever way they are booked.
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
  WasteRequest waste;
  waste.site = kParis;
  waste.lot = lot;
  waste.unit = "fridge";
  waste.ampoules = 10;
  waste.reason = WasteReason::kBroken;
  const auto line = Run(corrections_, &CorrectionOperations::WasteStock, waste);
  ASSERT_TRUE(line.ok()) << line.status();
  Wait(120);
  ASSERT_TRUE(Send({{0, 500}, {20, 1600}, {40, 500}}).ok());
  ASSERT_THAT(Held(lot), IsEmpty()) << "nothing is left to be held";
  const auto back =
      Run(&InventoryOperations::ReverseMovement,
          ReversalRequest{kParis, line->index, ReversalReason::kNotHappened, "still there"});
  ASSERT_TRUE(back.ok()) << back.status();
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
  const TransferOperations transfers{operations_.use_case()};
  CreateTransferRequest draft;
  draft.transfer.from_site = kParis;
  draft.transfer.to_site = kSydney;
  TransferLine sent;
  sent.lot = lot;
  sent.unit = "fridge";
  sent.ampoules = 3;
  draft.transfer.lines = {sent};
  const auto made = Run(transfers, &TransferOperations::CreateTransfer, draft);
  ASSERT_TRUE(made.ok()) << made.status();
  ShipTransferRequest ship;
  ship.name = made->name;
  ASSERT_TRUE(Run(transfers, &TransferOperations::ShipTransfer, ship).ok());
  ReceiveTransferRequest receive;
  receive.name = made->name;
  Arrival arrival;
  arrival.lot = lot;
  arrival.unit = kMainUnit;
  arrival.ampoules = 4;
  arrival.reason = "MISCOUNTED";
  ReceivedLine line;
  line.arrival = arrival;
  receive.lines = {line};
  const auto received = Run(transfers, &TransferOperations::ReceiveTransfer, receive);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_THAT(Held(lot), UnorderedElementsAre("sites/syd-1 fridge", "sites/syd-1 main"));
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
