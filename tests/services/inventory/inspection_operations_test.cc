// Lots inspected and destroyed, deliveries of what nobody knows yet, products removed.
#include "services/inventory/inspection_operations.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Code = absl::StatusCode;

class InspectionTest : public InventoryFixture {
 protected:
  absl::StatusOr<Lot> Inspect(const LotName& lot, InspectionOutcome outcome,
                              const std::string& etag = "") {
    return Run(inspections_, &InspectionOperations::InspectLot,
               InspectRequest{lot, outcome, "seal intact", etag});
  }
  DisposeRequest Destroyed(const LotName& lot, int64_t ampoules = 0, const std::string& unit = "") {
    return {lot, kParis, unit, ampoules, WasteReason::kExpired, "users/witness", "D-1"};
  }
  absl::StatusOr<DisposeAnswer> Destroy(const DisposeRequest& request) {
    return Run(inspections_, &InspectionOperations::DisposeLot, request);
  }
  LotState StateOf(const LotName& lot) { return Run(&InventoryOperations::GetLot, lot)->state; }
  Receipt Scanned(const std::string& scan, int64_t ampoules) {
    Receipt receipt;
    receipt.site = kParis;
    receipt.unit = kMainUnit;
    receipt.scan = scan;
    receipt.ampoules = ampoules;
    receipt.document = "DN-2";
    return receipt;
  }
  absl::StatusOr<ReceiptAnswer> Take(const Receipt& receipt) {
    return Run(&InventoryOperations::ReceiveStock, receipt);
  }

  const InspectionOperations inspections_{operations_.use_case()};
  // A GTIN the chain has no product for.
  const std::string unknown_ = "]d201095212340099931727063010X7";
};

TEST_F(InspectionTest, ALotThatWaitsMayBeUsedOnceItIsReleased) {
  Stock(1);
  Change("A", [](Product& a) { a.inspect_on_receipt = true; });
  const LotName a = Receive("A", "A9", "2027-05-30", 2);
  EXPECT_EQ(StateOf(a), LotState::kReceived);
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", a, 1, FefoOverride::kNone}};
  ExpectRefused(Run(&InventoryOperations::DrawStock, draw).status(), Code::kFailedPrecondition,
                "LOT_NOT_RELEASED");
  const auto released = Inspect(a, InspectionOutcome::kRelease, "r1");
  ASSERT_TRUE(released.ok()) << released.status();
  EXPECT_EQ(released->state, LotState::kReleased);
  EXPECT_EQ(released->revision, 2);
  EXPECT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  ExpectRefused(Inspect(a, InspectionOutcome::kRelease).status(), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
  ExpectRefused(Inspect(a, InspectionOutcome::kReject, "r1").status(), Code::kAborted,
                "ETAG_MISMATCH");
  ExpectRefused(Inspect(LotName("lots/" + Uuid(7)), InspectionOutcome::kReject).status(),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
  // One delivered since lies in the same lot.
  Receive("A", "A9", "2027-05-30", 2);
  EXPECT_EQ(StateOf(a), LotState::kReleased);
}

TEST_F(InspectionTest, ReleasingHealsAReservationThatWaits) {
  Stock(1);
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_TRUE(Quarantine(a).ok());
  Change("A", [](Product& product) { product.inspect_on_receipt = true; });
  const LotName waits = Receive("A", "A9", "2027-05-30", 2);
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ASSERT_TRUE(Inspect(waits, InspectionOutcome::kRelease).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
  ExpectSoundLedger();
}

TEST_F(InspectionTest, RejectingTakesTheLotFromEverybodyForEver) {
  Stock(2);
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_TRUE(Reserve(2, absl::Hours(1)).ok());
  ASSERT_TRUE(Draw(2).ok());
  const size_t before = Events().size();
  const CallContext call = Manager();
  const auto rejected = Run(inspections_, &InspectionOperations::InspectLot,
                            InspectRequest{a, InspectionOutcome::kReject, "clouded", ""}, call);
  ASSERT_TRUE(rejected.ok()) << rejected.status();
  EXPECT_EQ(rejected->state, LotState::kRejected);
  EXPECT_THAT(rejected->holds, IsEmpty()) << "the state says it, no hold to be ended";
  EXPECT_THAT(Events(static_cast<int64_t>(before)),
              ElementsAre("LotHeld", "ReservationInvalidated"));
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_THAT(Reservations(1)->invalid_reasons, ElementsAre("LOT_NOT_RELEASED"));
  EXPECT_THAT(call.audit.keys, Contains(std::pair<std::string, std::string>(
                                   "appointment", AppointmentOf(2).value())))
      << "it drew of it and has not given it yet";
  for (const InspectionOutcome outcome :
       {InspectionOutcome::kRelease, InspectionOutcome::kReject}) {
    ExpectRefused(Inspect(a, outcome).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  }
  // A hold that ends leaves it as rejected as before.
  ASSERT_TRUE(Quarantine(a).ok());
  ASSERT_TRUE(Release(a).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  ExpectSoundLedger();
}

TEST_F(InspectionTest, DestructionNeedsASecondPerson) {
  const LotName a = Receive("A", "A1", "2026-11-01", 3);
  DisposeRequest request = Destroyed(a);
  request.witness = "users/manager";
  ExpectRefused(Destroy(request).status(), Code::kFailedPrecondition, "SELF_APPROVAL");
  CallContext call = Manager();
  call.on_behalf_of = call.caller;
  call.on_behalf_of->subject = "users/nurse";
  call.caller.subject = "services/scheduling";
  for (const char* witness : {"users/nurse", "services/scheduling"}) {
    request.witness = witness;
    ExpectRefused(Run(inspections_, &InspectionOperations::DisposeLot, request, call).status(),
                  Code::kFailedPrecondition, "SELF_APPROVAL");
  }
  EXPECT_EQ(Shelf(a).on_hand, 3);
}

TEST_F(InspectionTest, ALotIsDisposedWhenNoUnitIsLeftAnywhere) {
  AddUnit("fridge");
  const LotName a = Receive("A", "A1", "2027-06-30", 3);
  ReceiveInto("fridge", "A", "A1", "2027-06-30", 2);
  Receive("A", "A1", "2027-06-30", 1, kSydney);
  const auto all = Destroy(Destroyed(a));
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_THAT(all->lines, SizeIs(2)) << "one line a storage unit";
  for (const Movement& line : all->lines) {
    EXPECT_EQ(line.kind, MovementKind::kDispose);
    EXPECT_EQ(line.reason, "EXPIRED");
    EXPECT_EQ(line.document, "D-1");
    EXPECT_EQ(line.subject, "users/witness");
  }
  EXPECT_EQ(all->lot.state, LotState::kReleased) << "one is left at another site";
  EXPECT_EQ(Shelf(a).on_hand, 0);
  DisposeRequest there = Destroyed(a);
  there.site = kSydney;
  const auto last = Destroy(there);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->lot.state, LotState::kDisposed);
  ExpectRefused(Destroy(there).status(), Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  ExpectRefused(Inspect(a, InspectionOutcome::kRelease).status(), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
  // What turns up of it later is counted and not used.
  Receive("A", "A1", "2027-06-30", 1);
  EXPECT_EQ(StateOf(a), LotState::kDisposed);
  ExpectSoundLedger();
}

TEST_F(InspectionTest, ALotOfWhichSomethingIsDrawnIsNotGone) {
  const LotName a = Receive("A", "A1", "2027-06-30", 2);
  DrawRequest draw;
  draw.appointment = AppointmentOf(1);
  draw.items = {{"", a, 1, FefoOverride::kNone}};
  ASSERT_TRUE(Run(&InventoryOperations::DrawStock, draw).ok());
  EXPECT_EQ(Destroy(Destroyed(a))->lot.state, LotState::kReleased);
  ExpectSoundLedger();
}

TEST_F(InspectionTest, OneShelfInPartAndNeverWhatIsReserved) {
  AddUnit("fridge");
  Stock(1);
  const LotName a = Lines(MovementKind::kReceipt)[0].lot;
  ReceiveInto("fridge", "A", "A1", "2027-06-30", 5);
  const auto part = Destroy(Destroyed(a, 2, "fridge"));
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(Shelf(a, kParis, "fridge").on_hand, 3);
  EXPECT_EQ(Shelf(a).on_hand, 2);
  ExpectRefused(Destroy(Destroyed(a, 4, "fridge")).status(), Code::kFailedPrecondition,
                "INSUFFICIENT_STOCK");
  ExpectRefused(Destroy(Destroyed(a, 1, "cellar")).status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  ASSERT_TRUE(Destroy(Destroyed(a, 0, "fridge")).ok());
  ASSERT_TRUE(Reserve(1).ok());
  const absl::Status kept = Destroy(Destroyed(a)).status();
  ExpectRefused(kept, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_THAT(Causes(kept), ElementsAre(absl::StrCat("FULLY_RESERVED ", ReservationOf(1).value())));
}

TEST_F(InspectionTest, AnUnknownGtinBecomesADraftOnlyWhenAsked) {
  ExpectRefused(Take(Scanned(unknown_, 5)).status(), Code::kNotFound, "UNKNOWN_GTIN");
  Receipt receipt = Scanned(unknown_, 0);
  receipt.register_unknown = true;
  ExpectRefused(Take(receipt).status(), Code::kInvalidArgument, "FIELD_REQUIRED");
  receipt.ampoules = 5;
  receipt.validate_only = true;
  ASSERT_TRUE(Take(receipt).ok());
  EXPECT_EQ(Run(&InventoryOperations::GetProduct, ProductName("products/gtin-09521234009993"))
                .status()
                .code(),
            Code::kNotFound)
      << "nothing happened yet";
  receipt.validate_only = false;
  const auto taken = Take(receipt);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->lot.product, ProductName("products/gtin-09521234009993"));
  EXPECT_EQ(taken->lot.state, LotState::kReceived);
  EXPECT_THAT(taken->warnings, Contains(StartsWith("DRAFT_PRODUCT")));
  EXPECT_THAT(taken->level.reasons, ElementsAre("LOT_NOT_RELEASED"));
  EXPECT_EQ(Shelf(taken->lot.name).on_hand, 5);
  // The next delivery needs no permission; the product is there.
  const auto again = Take(Scanned(unknown_, 2));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->lot.name, taken->lot.name);
  EXPECT_THAT(again->warnings, Contains(StartsWith("DRAFT_PRODUCT")));

  // Neither outcome before somebody has said what it is.
  for (const InspectionOutcome outcome :
       {InspectionOutcome::kRelease, InspectionOutcome::kReject}) {
    ExpectRefused(Inspect(taken->lot.name, outcome).status(), Code::kFailedPrecondition,
                  "STATE_NOT_ALLOWED");
  }
  ProductChange bare;
  bare.product.name = taken->lot.product;
  bare.fields = {"draft"};
  ExpectRefused(Run(&InventoryOperations::UpdateProduct, bare).status(), Code::kInvalidArgument,
                "FIELD_REQUIRED");
  Change("gtin-09521234009993", [](Product& product) {
    product.display_name = "Biotin";
    product.container_kind = ContainerKind::kAmpoule;
    product.unit_microlitres = 2000;
    product.tags = {"biotin"};
    product.draft = false;
  });
  EXPECT_TRUE(Inspect(taken->lot.name, InspectionOutcome::kRelease).ok());
}

TEST_F(InspectionTest, WhatOnePersonKeyedInAloneIsTakenWithAWarning) {
  Receipt receipt = Scanned("", 3);
  receipt.product = ProductName("products/A");
  receipt.lot_number = "A1";
  receipt.expiry = ParseDate("2027-06-30");
  EXPECT_THAT(Take(receipt)->warnings, ElementsAre(StartsWith("KEYED_IN_ALONE")));
  receipt.second_reader = "users/manager";
  ExpectRefused(Take(receipt).status(), Code::kInvalidArgument, "FIELD_INVALID");
  receipt.second_reader = "users/other";
  const CallContext call = Manager();
  EXPECT_THAT(Run(&InventoryOperations::ReceiveStock, receipt, call)->warnings, IsEmpty());
  EXPECT_EQ(call.audit.facts.at("second_reader"), "users/other");
  EXPECT_THAT(Take(Scanned("]d201095212340001121727063010L1", 1))->warnings, IsEmpty())
      << "what was scanned needs no second look";
}

TEST_F(InspectionTest, OnlyAProductNobodyEverUsedIsRemoved) {
  const auto remove = [this](const std::string& code, const std::string& etag = "") {
    ProductChange wanted;
    wanted.product.name = ProductName("products/" + code);
    wanted.etag = etag;
    return Run(&InventoryOperations::DeleteProduct, wanted);
  };
  ExpectRefused(remove("A").status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  ExpectRefused(remove("NONE").status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefused(remove("ADR", "r9").status(), Code::kAborted, "ETAG_MISMATCH");
  const auto gone = remove("ADR", "r1");
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_EQ(gone->gtin, "09521234002314");
  ExpectRefused(remove("ADR").status(), Code::kNotFound, "RESOURCE_NOT_FOUND");
  Receipt receipt = Scanned(unknown_, 5);
  receipt.register_unknown = true;
  ASSERT_TRUE(Take(receipt).ok());
  ExpectRefused(remove("gtin-09521234009993").status(), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
}

TEST_F(InspectionTest, WhatAnInspectionFoundIsNotRewritten) {
  const LotName a = Receive("A", "A1", "2027-06-30", 1);
  ASSERT_TRUE(Inspect(a, InspectionOutcome::kReject).ok());
  for (const char* sql : {"UPDATE inspection SET note = ''", "DELETE FROM inspection"}) {
    EXPECT_FALSE(database_->Transact([&](Transaction& tx) { return tx.Execute(sql, {}); }).ok())
        << sql;
  }
}

}  // namespace
}  // namespace meso::inventory
