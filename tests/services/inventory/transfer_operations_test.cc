// Transfers from draft to shelf: every leg, what reservations see of it, who may, and who meets.
#include "services/inventory/transfer_operations.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/inventory/inventory_fixture.h"
#include "tests/services/inventory/transfer_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Code = absl::StatusCode;

TEST_F(TransferOperationsTest, ADraftMovesNothingAndShippingTakesTheUnitsOffTheShelf) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const auto draft = Create({{a, 4}});
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_EQ(draft->state, TransferState::kDraft);
  EXPECT_EQ(draft->creator, "users/manager");
  EXPECT_EQ(draft->lines[0].lot_number, "A1");
  EXPECT_EQ(draft->lines[0].in_transit, 0);
  EXPECT_EQ(Shelf(a).on_hand, 9);
  const size_t told = Events().size();
  const CallContext call = Manager();
  const auto shipped = Run(transfers_, &TransferOperations::ShipTransfer,
                           ShipTransferRequest{draft->name, false, "r1"}, call);
  ASSERT_TRUE(shipped.ok()) << shipped.status();
  EXPECT_EQ(shipped->state, TransferState::kShipped);
  EXPECT_EQ(shipped->shipper, "users/manager");
  EXPECT_EQ(shipped->ship_time, database_.clock().Now());
  EXPECT_EQ(shipped->lines[0].in_transit, 4);
  EXPECT_EQ(Shelf(a).on_hand, 5);
  EXPECT_EQ(Shelf(a).in_transit, 4);
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 0);
  EXPECT_THAT(Events(static_cast<int64_t>(told)), ElementsAre("TransferChanged"));
  EXPECT_THAT(Lines(draft->name), ElementsAre("SHIP STOCK->IN_TRANSIT 4 sites/par-1"));
  using Key = std::pair<std::string, std::string>;
  EXPECT_THAT(call.audit.keys, Contains(Key("site", "sites/par-1")));
  EXPECT_THAT(call.audit.keys, Contains(Key("site", "sites/syd-1")));
  EXPECT_EQ(call.audit.facts.at("state"), "SHIPPED");
  EXPECT_EQ(call.audit.facts.at("in_transit"), "4");
  ExpectSoundLedger();
  // Under way it can be used nowhere.
  DrawRequest draw;
  draw.appointment = AppointmentOf(1, kSydney);
  draw.items = {{"", a, 1, FefoOverride::kNone}};
  ExpectRefused(Run(&InventoryOperations::DrawStock, draw).status(), Code::kFailedPrecondition,
                "INSUFFICIENT_STOCK");
}

TEST_F(TransferOperationsTest, WhatArrivesPassesFromShelfToShelf) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const LotName b = Receive("B", "B1", "2027-06-30", 9);
  const TransferName name = Shipped({{a, 4}, {b, 2}});
  const auto received = Arrive(name, {Arrived(a, 4), Arrived(b, 2)});
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->state, TransferState::kReceived);
  EXPECT_EQ(received->receiver, "users/manager");
  EXPECT_EQ(received->lines[0].received, 4);
  EXPECT_EQ(received->lines[0].in_transit, 0);
  EXPECT_EQ(Shelf(a).on_hand, 5);
  EXPECT_EQ(Shelf(a).in_transit, 0);
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 4);
  EXPECT_THAT(Lines(name), ElementsAre("SHIP STOCK->IN_TRANSIT 4 sites/par-1",
                                       "SHIP STOCK->IN_TRANSIT 2 sites/par-1",
                                       "RECEIVE_TRANSFER IN_TRANSIT->TRANSFER 4 sites/par-1",
                                       "RECEIVE_TRANSFER TRANSFER->STOCK 4 sites/syd-1",
                                       "RECEIVE_TRANSFER IN_TRANSIT->TRANSFER 2 sites/par-1",
                                       "RECEIVE_TRANSFER TRANSFER->STOCK 2 sites/syd-1"));
  EXPECT_EQ(Events().back(), "TransferChanged");
  ExpectSoundLedger();
  ExpectRefused(Arrive(name, {Arrived(a, 4)}).status(), Code::kFailedPrecondition,
                "TRANSFER_STATE");
  ExpectRefused(CallOff(name).status(), Code::kFailedPrecondition, "TRANSFER_STATE");
}

TEST_F(TransferOperationsTest, DamagedUnitsAreThrownAwayAndUnsentOnesAreFound) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const LotName b = Receive("B", "B1", "2027-06-30", 9);
  const LotName c = Receive("C", "C1", "2027-06-30", 9);
  const TransferName name = Shipped({{a, 4}, {b, 2}, {c, 3}});
  // Sydney has never had a shelf of C, and gets none of it in order.
  const auto received = Arrive(
      name, {Arrived(a, 3, 1, "crushed"), Arrived(b, 5, 0, "miscounted"), Arrived(c, 0, 3, "hot")});
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->state, TransferState::kReceived);
  EXPECT_EQ(received->lines[0].damaged, 1);
  EXPECT_EQ(received->lines[1].received, 2);
  EXPECT_EQ(received->lines[1].over, 3);
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 3);
  EXPECT_EQ(Shelf(b, kSydney).on_hand, 5);
  EXPECT_EQ(Shelf(c, kSydney).on_hand, 0);
  EXPECT_THAT(Lines(name), Contains("WASTE TRANSFER->WASTED 3 sites/syd-1"));
  EXPECT_THAT(Lines(name), Contains("ADJUST ADJUSTMENT->STOCK 3 sites/syd-1"));
  ExpectSoundLedger();
  // What was thrown away on arrival is a fact: no line of it can be taken back.
  const auto page = Run(&InventoryOperations::ListMovements, SitePageQuery{kSydney, {}});
  for (const Movement& line : page->items) {
    if (line.kind != MovementKind::kWaste) continue;
    ExpectRefused(Run(&InventoryOperations::ReverseMovement,
                      ReversalRequest{kSydney, line.index, ReversalReason::kDuplicate, ""})
                      .status(),
                  Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  }
}

TEST_F(TransferOperationsTest, ACancelledOneIsBackOnTheSendersShelf) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const auto draft = Create({{a, 4}});
  const size_t told = Events().size();
  ASSERT_TRUE(CallOff(draft->name).ok());
  EXPECT_EQ(Shelf(a).on_hand, 9);
  EXPECT_THAT(Lines(draft->name), IsEmpty());
  ExpectRefused(Ship(draft->name).status(), Code::kFailedPrecondition, "TRANSFER_STATE");
  const TransferName name = Shipped({{a, 4}});
  const auto cancelled = CallOff(name);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state, TransferState::kCancelled);
  EXPECT_EQ(cancelled->lines[0].returned, 4);
  EXPECT_EQ(Shelf(a).on_hand, 9);
  EXPECT_EQ(Shelf(a).in_transit, 0);
  EXPECT_THAT(Events(static_cast<int64_t>(told)),
              ElementsAre("TransferChanged", "TransferChanged", "TransferChanged"));
  ExpectSoundLedger();
  ExpectRefused(Arrive(name, {Arrived(a, 4)}).status(), Code::kFailedPrecondition,
                "TRANSFER_STATE");
}

TEST_F(TransferOperationsTest, AllLinesLeaveOrNoneAndEveryCauseIsNamed) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const LotName b = Receive("B", "B1", "2027-06-30", 9);
  const LotName c = Receive("C", "C1", "2027-06-30", 9);
  const auto draft = Create({{a, 9}, {b, 9}, {c, 9}});
  ASSERT_TRUE(draft.ok()) << draft.status();
  ASSERT_TRUE(Quarantine(b).ok());
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", c, 1, FefoOverride::kNone}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  const absl::Status refused = Ship(draft->name).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "LOT_QUARANTINED");
  EXPECT_THAT(Causes(refused), ElementsAre(absl::StrCat("LOT_QUARANTINED ", b.value()),
                                           absl::StrCat("INSUFFICIENT_STOCK ", c.value())));
  EXPECT_EQ(Shelf(a).on_hand, 9);
  EXPECT_EQ(Shelf(a).in_transit, 0);
  // A draft of what could not be shipped is not written.
  ExpectRefused(Create({{b, 1}}).status(), Code::kFailedPrecondition, "LOT_QUARANTINED");
  ExpectRefused(Create({{c, 9}}).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  ExpectRefused(Create({{LotName("lots/" + Uuid(9)), 9}}).status(), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  CreateTransferRequest request = Wanted({{a, 1}});
  request.transfer.to_site = SiteName("sites/nowhere");
  ExpectRefused(Run(transfers_, &TransferOperations::CreateTransfer, request).status(),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
}

TEST_F(TransferOperationsTest, EligibilityIsThatOfTheSenderToday) {
  const LotName a = Receive("A", "A1", "2026-11-21", 9);
  const auto draft = Create({{a, 1}});
  ASSERT_TRUE(draft.ok()) << draft.status();
  database_.clock().Advance(absl::Hours(38));  // 2026-11-22 in Paris
  ExpectRefused(Ship(draft->name).status(), Code::kFailedPrecondition, "LOT_EXPIRED");
  const LotName b = Receive("B", "B1", "2027-06-30", 9);
  const auto other = Create({{b, 1}});
  ASSERT_TRUE(CallBack({b}).ok());
  ExpectRefused(Ship(other->name).status(), Code::kFailedPrecondition, "LOT_RECALLED");
}

TEST_F(TransferOperationsTest,
       ReservedUnitsStayUnlessTheyAreTakenAndThenTheirBookingsLookForOthers) {
  Stock(2);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_TRUE(Reserve(2).ok());
  const LotName a = Receive("A", "A1", "2027-06-30", 1);  // 5 there, 4 kept
  const auto draft = Create({{a, 2}});
  ASSERT_TRUE(draft.ok()) << "a draft may be of units that reservations keep: " << draft.status();
  CreateTransferRequest preview = Wanted({{a, 2}});
  preview.validate_only = true;
  ExpectRefused(Run(transfers_, &TransferOperations::CreateTransfer, preview).status(),
                Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  const absl::Status refused = Ship(draft->name).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_THAT(Causes(refused),
              ElementsAre(absl::StrCat("INSUFFICIENT_STOCK ", a.value()),
                          absl::StrCat("FULLY_RESERVED ", ReservationOf(2).value()),
                          absl::StrCat("FULLY_RESERVED ", ReservationOf(1).value())));
  ASSERT_TRUE(Ship(draft->name, true).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kInvalidated) << "the newest gives way";
  EXPECT_THAT(Reservations(2)->invalid_reasons, ElementsAre("STOCK_TAKEN"));
  EXPECT_THAT(Events(), Contains("ReservationInvalidated"));
  ExpectSoundLedger();
  RunPendingWork();
  EXPECT_EQ(Reservations(2)->state, ReservationState::kInvalidated);
  // Called off, the units are there again for whoever waits.
  ASSERT_TRUE(CallOff(draft->name).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(2)->state, ReservationState::kReserved);
  ExpectSoundLedger();
}

TEST_F(TransferOperationsTest, ALapsedReservationIsNotInTheWay) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  database_.clock().Advance(absl::Hours(24));
  const auto draft = Create({{a, 3}});
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_TRUE(Ship(draft->name).ok());
  EXPECT_EQ(Reservations(1)->state, ReservationState::kExpired);
  ExpectSoundLedger();
}

TEST_F(TransferOperationsTest, WhoWaitsAtTheReceiverGetsWhatArrives) {
  for (const char* product : {"A", "B", "C"}) {
    Receive(product, absl::StrCat(product, "S"), "2027-06-30", 2, kSydney);
  }
  ASSERT_TRUE(Reserve(1, absl::Hours(48), kSydney).ok());
  const LotName held = Reservations(1)->allocations[0].lot;
  ASSERT_TRUE(Quarantine(held).ok());
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  const TransferName name = Shipped({{a, 2}});
  ASSERT_TRUE(Arrive(name, {Arrived(a, 2)}).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
  ExpectSoundLedger();
}

TEST_F(TransferOperationsTest, ALotCalledBackUnderWayArrivesHeld) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  const TransferName name = Shipped({{a, 2}});
  const auto recall = CallBack({a});
  ASSERT_TRUE(recall.ok()) << recall.status();
  EXPECT_THAT(recall->reach.stock_levels, SizeIs(1)) << "what is under way is in its reach";
  ASSERT_TRUE(Arrive(name, {Arrived(a, 2)}).ok());
  const auto levels = Run(&InventoryOperations::ListStockLevels, SitePageQuery{kSydney, {}});
  ASSERT_THAT(levels->items, SizeIs(1));
  EXPECT_EQ(levels->items[0].balance.on_hand, 2);
  EXPECT_THAT(levels->items[0].reasons, ElementsAre("LOT_RECALLED"));
  ExpectSoundLedger();
}

TEST_F(TransferOperationsTest, WhoHasNoRoleAtAnEndSeesNothingAndEachChangeNeedsItsOwnEnd) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const auto draft = Create({{a, 4}});
  const auto ship = [&](const char* site) {
    return Run(transfers_, &TransferOperations::ShipTransfer,
               ShipTransferRequest{draft->name, false, ""}, AtSite(site))
        .status();
  };
  ExpectRefused(ship("rom-1"), Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefused(ship("syd-1"), Code::kPermissionDenied, "SITE_FORBIDDEN");
  ASSERT_TRUE(ship("par-1").ok());
  const auto receive = [&](const char* site) {
    return Run(transfers_, &TransferOperations::ReceiveTransfer,
               ReceiveTransferRequest{draft->name, {Arrived(a, 3)}, ""}, AtSite(site))
        .status();
  };
  ExpectRefused(receive("rom-1"), Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefused(receive("par-1"), Code::kPermissionDenied, "SITE_FORBIDDEN");
  ASSERT_TRUE(receive("syd-1").ok());
  const std::vector<Resolution> lost = {{a, "", ResolutionKind::kLost, 1, "never found"}};
  ExpectRefused(Close(draft->name, lost, Second("rom-1")).status(), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  EXPECT_TRUE(Close(draft->name, lost, Second("par-1")).ok());
  ExpectRefused(
      Run(transfers_, &TransferOperations::GetTransfer, draft->name, AtSite("rom-1")).status(),
      Code::kNotFound, "RESOURCE_NOT_FOUND");
  for (const char* site : {"par-1", "syd-1"}) {
    EXPECT_TRUE(Run(transfers_, &TransferOperations::GetTransfer, draft->name, AtSite(site)).ok());
    EXPECT_THAT(
        Run(transfers_, &TransferOperations::ListTransfers, PageQuery(), AtSite(site))->items,
        SizeIs(1));
  }
  EXPECT_THAT(
      Run(transfers_, &TransferOperations::ListTransfers, PageQuery(), AtSite("rom-1"))->items,
      IsEmpty());
}

TEST_F(TransferOperationsTest, ATraceShowsTransfersToTheirEndsOnly) {
  const LotName a = Receive("A", "A1", "2027-06-30", 20);
  const TransferName name = Shipped({{a, 4}});
  for (const char* end : {"par-1", "syd-1"}) {
    const auto trace = Run(&InventoryOperations::TraceLot, a, AtSite(end));
    ASSERT_TRUE(trace.ok()) << trace.status();
    ASSERT_THAT(trace->transfers, SizeIs(1)) << end;
    EXPECT_EQ(trace->transfers[0].name, name);
  }
  const auto third = Run(&InventoryOperations::TraceLot, a, AtSite("rom-1"));
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_THAT(third->transfers, IsEmpty());
  EXPECT_TRUE(third->restricted);
}

TEST_F(TransferOperationsTest, ASymbolMeansTheLotItNames) {
  const LotName a = Receive("A", "A1", "2027-06-30", 9);
  const TransferName name = Shipped({{a, 2}});
  ReceivedLine line = Arrived(LotName(), 2);
  line.scan = "^01095212340001121727063010A1";
  const auto twice = Arrive(name, {line, Arrived(a, 1)});
  ExpectRefused(twice.status(), Code::kInvalidArgument, "FIELD_INVALID");
  line.arrival.unit = "cellar";
  ExpectRefused(Arrive(name, {line}).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  line.arrival.unit = kMainUnit;
  ASSERT_TRUE(Arrive(name, {line}).ok());
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 2);
}

TEST_F(TransferOperationsTest, OfManyWhoReceiveOneTransferOneDoes) {
  const LotName a = Receive("A", "A1", "2027-06-30", 50);
  const TransferName name = Shipped({{a, 20}});
  std::vector<absl::Status> statuses(16);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] { status = Arrive(name, {Arrived(a, 20)}).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "TRANSFER_STATE");
    }
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(Shelf(a, kSydney).on_hand, 20);
  ExpectSoundLedger();
}

TEST_F(TransferOperationsTest, TheLastUnitsAreShippedOrDrawnNeverBoth) {
  const LotName a = Receive("A", "A1", "2027-06-30", 8);
  std::vector<TransferName> drafts;
  for (int n = 0; n < 8; ++n) drafts.push_back(Create({{a, 2}})->name);
  std::vector<absl::Status> statuses(16);
  std::vector<std::thread> threads;
  for (int n = 0; n < 16; ++n) {
    threads.emplace_back([&, n] {
      DrawRequest draw;
      draw.appointment = AppointmentOf(n);
      draw.items = {{"", a, 2, FefoOverride::kNone}};
      statuses[n] = n % 2 == 0 ? Ship(drafts[n / 2]).status()
                               : Run(&InventoryOperations::DrawStock, draw).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_STOCK");
    }
  }
  EXPECT_EQ(done, 4);
  EXPECT_EQ(Shelf(a).on_hand, 0);
  EXPECT_EQ(Shelf(a).drawn + Shelf(a).in_transit, 8);
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
