// Stock counts from snapshot to books: what is listed, what sessions do meanwhile, who posts, and
// what posting takes from whom.
#include "services/inventory/stock_count_operations.h"

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/store/product_use_store.h"
#include "tests/services/inventory/inventory_fixture.h"
#include "tests/services/inventory/stock_count_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Code = absl::StatusCode;

TEST_F(StockCountTest, ACountListsTheShelvesOfItsScopeThatHaveUnits) {
  AddUnit("room-2");
  Receive("A", "A1", "2027-06-30", 5);
  const LotName gone = Receive("B", "B0", "2027-06-30", 1);
  Receive("B", "B1", "2027-06-30", 5);
  Receive("C", "CS", "2027-06-30", 5, kSydney);
  Receipt receipt;
  receipt.site = kParis;
  receipt.unit = "room-2";
  receipt.product = ProductName("products/A");
  receipt.lot_number = "A1";
  receipt.expiry = absl::CivilDay(2027, 6, 30);
  receipt.ampoules = 2;
  receipt.document = "DN-2";
  ASSERT_TRUE(Run(&InventoryOperations::ReceiveStock, receipt).ok());
  ASSERT_TRUE(DrawFree(1, gone, 1).ok());
  ASSERT_TRUE(Record(1, "PT-1", {Given(gone, 1)}).ok());
  const ProductName a("products/A"), b("products/B");
  EXPECT_THAT(Shelves(Create({kParis, "", {}, AbcClass::kUnspecified})),
              ElementsAre("A1@main", "A1@room-2", "B1@main"));
  EXPECT_THAT(Shelves(Create({kParis, "room-2", {}, AbcClass::kUnspecified})),
              ElementsAre("A1@room-2"));
  EXPECT_THAT(Shelves(Create({kParis, "", {b}, AbcClass::kUnspecified})), ElementsAre("B1@main"));
  // B is all that was used.
  EXPECT_THAT(Shelves(Create({kParis, "", {}, AbcClass::kA})), ElementsAre("B1@main"));
  EXPECT_THAT(Shelves(Create({kParis, "", {}, AbcClass::kC})), ElementsAre("A1@main", "A1@room-2"));
  ExpectRefused(Create({kParis, "", {a}, AbcClass::kB}).status(), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
  ExpectRefused(Create({kParis, "cellar", {}, AbcClass::kUnspecified}).status(), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  ExpectRefused(Create({kParis, "", {ProductName("products/Z")}, AbcClass::kUnspecified}).status(),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
  ExpectRefused(Create({SiteName("sites/nowhere"), "", {}, AbcClass::kUnspecified}).status(),
                Code::kNotFound, "RESOURCE_NOT_FOUND");
}

TEST_F(StockCountTest, ADifferenceOverTheToleranceIsCountedTwice) {
  const LotName a = Receive("A", "A1", "2027-06-30", 100);
  const StockCountName name = Opened();
  EXPECT_EQ(Enter(name, {Found(a, 98)})->lines[0].recount, false);
  EXPECT_EQ(Enter(Opened(), {Found(a, 98)})->done_lines, 1);
  const StockCountName other = Opened();
  const auto first = Enter(other, {Found(a, 97)});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->lines[0].recount);
  EXPECT_EQ(first->done_lines, 0);
  EXPECT_EQ(first->lines[0].counter, "users/counter");
  const auto second = Enter(other, {Found(a, 96)}, "users/other");
  EXPECT_FALSE(second->lines[0].recount);
  EXPECT_EQ(second->lines[0].Variance(), -4);
  EXPECT_EQ(second->done_lines, 1);
}

TEST_F(StockCountTest, NothingIsToleratedOfRefrigeratedProductsAndOfThoseOfClassA) {
  SetProduct("A",
             [](Product& product) {
               product.temperature_min_decidegrees = 20;
               product.temperature_max_decidegrees = 80;
             },
             {"storage"});
  const LotName a = Receive("A", "A1", "2027-06-30", 100);
  const LotName b = Receive("B", "B1", "2027-06-30", 101);
  const LotName c = Receive("C", "C1", "2027-06-30", 100);
  ASSERT_TRUE(DrawFree(1, b, 1).ok());
  ASSERT_TRUE(Record(1, "PT-1", {Given(b, 1)}).ok());
  const auto counted = Enter(Opened(), {Found(a, 99), Found(b, 99), Found(c, 99)});
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_TRUE(counted->lines[0].recount) << "refrigerated";
  EXPECT_TRUE(counted->lines[1].recount) << "all of the use";
  EXPECT_FALSE(counted->lines[2].recount);
}

TEST_F(StockCountTest, WhatIsFoundBesidesIsAddedAndEachShelfStandsOnce) {
  AddUnit("room-2");
  const LotName a = Receive("A", "A1", "2027-06-30", 5);
  const LotName b = Receive("B", "B1", "2027-06-30", 5, kSydney);
  const StockCountName name = Opened();
  const auto counted =
      Enter(name, {Found(a, 5), Found(b, 2, "sent over"), Found(a, 1, "", "room-2")});
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_THAT(Shelves(counted), ElementsAre("A1@main", "B1@main", "A1@room-2"));
  EXPECT_EQ(counted->lines[1].book, 0);
  EXPECT_TRUE(counted->lines[1].recount);
  ExpectRefused(Enter(name, {Found(a, 5), Found(a, 4)}).status(), Code::kInvalidArgument,
                "FIELD_INVALID");
  CountedLine scan = Found(LotName(), 5);
  scan.scan = "^01095212340001121727063010A1";
  ExpectRefused(Enter(name, {scan, Found(a, 4)}).status(), Code::kInvalidArgument, "FIELD_INVALID");
  EXPECT_TRUE(Enter(name, {scan}).ok());
  ExpectRefused(Enter(name, {Found(a, 5, "", "cellar")}).status(), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  ExpectRefused(Enter(name, {Found(LotName("lots/" + Uuid(9)), 5)}).status(), Code::kNotFound,
                "RESOURCE_NOT_FOUND");
  const auto room = Create({kParis, "main", {}, AbcClass::kUnspecified});
  ExpectRefused(Enter(room->name, {Found(a, 5, "", "room-2")}).status(), Code::kInvalidArgument,
                "FIELD_INVALID");
}

TEST_F(StockCountTest, SessionsGoOnAndTheDifferenceIsWhatIsPosted) {
  const LotName a = Receive("A", "A1", "2027-06-30", 100);
  const LotName b = Receive("B", "B1", "2027-06-30", 100);
  const StockCountName name = Opened();
  ASSERT_TRUE(DrawFree(1, a, 10).ok());  // before it is counted: the books know
  ASSERT_TRUE(Enter(name, {Found(a, 89, "one broken"), Found(b, 102, "two found")}).ok());
  ASSERT_TRUE(DrawFree(2, a, 20).ok());  // between counting and posting
  ASSERT_TRUE(DrawFree(3, b, 30).ok());
  const CallContext call = As("users/p");
  const auto posted =
      Run(counts_, &StockCountOperations::PostStockCount, PostStockCountRequest{name, "r2"}, call);
  ASSERT_TRUE(posted.ok()) << posted.status();
  EXPECT_EQ(posted->state, StockCountState::kPosted);
  EXPECT_EQ(posted->poster, "users/p");
  EXPECT_EQ(Shelf(a).on_hand, 69);
  EXPECT_EQ(Shelf(b).on_hand, 72);
  EXPECT_EQ(call.audit.facts.at("missing"), "1");
  EXPECT_EQ(call.audit.facts.at("found"), "2");
  EXPECT_EQ(call.audit.facts.at("differs"), "yes");
  ExpectSoundLedger();
  const std::vector<Movement> lines = LinesOf(name);
  ASSERT_THAT(lines, SizeIs(2));
  for (const Movement& line : lines) {
    EXPECT_EQ(line.kind, MovementKind::kAdjust);
    EXPECT_EQ(line.reason, "COUNT_DIFFERENCE");
    EXPECT_EQ(line.actor, "users/p");
  }
  EXPECT_EQ(AccountsOf(lines[1]), std::pair(Account::kStock, Account::kAdjustment));
  EXPECT_EQ(AccountsOf(lines[0]), std::pair(Account::kAdjustment, Account::kStock));
  ExpectRefused(Post(name).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  ExpectRefused(Enter(name, {Found(a, 1)}).status(), Code::kFailedPrecondition,
                "STATE_NOT_ALLOWED");
  // Both lines can be taken back like any adjustment.
  for (const Movement& line : lines) {
    ASSERT_TRUE(Run(&InventoryOperations::ReverseMovement,
                    ReversalRequest{kParis, line.index, ReversalReason::kWrongQuantity, ""})
                    .ok());
  }
  EXPECT_EQ(Shelf(a).on_hand, 70);
  EXPECT_EQ(Shelf(b).on_hand, 70);
  ExpectSoundLedger();
}

TEST_F(StockCountTest, OpenLinesAndSelfApprovalAreRefused) {
  const LotName a = Receive("A", "A1", "2027-06-30", 100);
  const LotName b = Receive("B", "B1", "2027-06-30", 100);
  const StockCountName name = Opened();
  ASSERT_TRUE(Enter(name, {Found(a, 90)}, "users/first").ok());
  absl::Status refused = Post(name).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "COUNT_IN_PROGRESS");
  EXPECT_THAT(DetailsOf(refused).violations, SizeIs(2));
  ASSERT_TRUE(Enter(name, {Found(a, 90), Found(b, 100)}, "users/second").ok());
  refused = Post(name).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "COUNT_IN_PROGRESS");
  EXPECT_THAT(DetailsOf(refused).violations, SizeIs(1)) << "a difference without explanation";
  ASSERT_TRUE(Enter(name, {Found(a, 90, "dropped")}, "users/second").ok());
  ExpectRefused(Post(name, "users/second").status(), Code::kFailedPrecondition, "SELF_APPROVAL");
  ExpectRefused(Post(name, "users/first").status(), Code::kFailedPrecondition, "SELF_APPROVAL");
  ExpectRefused(Post(name, "users/p", "r1").status(), Code::kAborted, "ETAG_MISMATCH");
  EXPECT_TRUE(Post(name, "users/p", "r4").ok());
  // Without a difference, who counted may post.
  const StockCountName clean = Opened();
  ASSERT_TRUE(Enter(clean, {Found(a, 90), Found(b, 100)}).ok());
  EXPECT_TRUE(Post(clean, "users/counter").ok());
  EXPECT_THAT(LinesOf(clean), IsEmpty());
}

TEST_F(StockCountTest, AShortageTakesFreeUnitsFirstAndThenThoseOfTheNewestReservation) {
  Stock(50);  // 100 of A
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Reserve(2).ok());
  const LotName a = Reservations(1)->allocations[0].lot;
  ASSERT_TRUE(DrawFree(9, a, 94).ok());  // 6 left, 4 of them kept
  const auto count = Create({kParis, "", {ProductName("products/A")}, AbcClass::kUnspecified});
  const StockCountName name = count->name;
  ASSERT_TRUE(Enter(name, {Found(a, 3, "broken")}).ok());
  ASSERT_TRUE(Enter(name, {Found(a, 3)}).ok());
  ASSERT_TRUE(Post(name).ok());
  EXPECT_EQ(Shelf(a).on_hand, 3);
  EXPECT_EQ(Reservations(1)->state, ReservationState::kReserved);
  EXPECT_EQ(Reservations(2)->state, ReservationState::kInvalidated);
  EXPECT_THAT(Reservations(2)->invalid_reasons, ElementsAre("STOCK_TAKEN"));
  ExpectSoundLedger();
  // What a later count finds goes to whoever waits.
  RunPendingWork();
  ASSERT_EQ(Reservations(2)->state, ReservationState::kInvalidated);
  const StockCountName later = Opened();
  const auto lines = Run(counts_, &StockCountOperations::GetStockCount, later)->lines;
  std::vector<CountedLine> found;
  for (const CountLine& line : lines) {
    const int64_t extra = line.lot == a ? 1 : 0;
    found.push_back(Found(line.lot, Shelf(line.lot).on_hand + extra, "under the shelf"));
  }
  ASSERT_TRUE(Enter(later, found).ok());
  ASSERT_TRUE(Enter(later, found).ok());
  ASSERT_TRUE(Post(later).ok());
  RunPendingWork();
  EXPECT_EQ(Reservations(2)->state, ReservationState::kReserved);
  ExpectSoundLedger();
}

TEST_F(StockCountTest, UnitsUsedSinceTheyWereCountedAsMissingAskForANewCount) {
  const LotName a = Receive("A", "A1", "2027-06-30", 10);
  const StockCountName name = Opened();
  ASSERT_TRUE(Enter(name, {Found(a, 6, "not found")}).ok());
  ASSERT_TRUE(Enter(name, {Found(a, 6)}).ok());
  ASSERT_TRUE(DrawFree(1, a, 8).ok());
  const absl::Status refused = Post(name).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "INSUFFICIENT_STOCK");
  EXPECT_EQ(DetailsOf(refused).violations[0].subject, a.value());
  EXPECT_EQ(Shelf(a).on_hand, 2);
  ASSERT_TRUE(Enter(name, {Found(a, 2)}).ok());
  EXPECT_TRUE(Post(name).ok());
  EXPECT_EQ(Shelf(a).on_hand, 2);
}

TEST_F(StockCountTest, ADifferenceIsBookedOnceWhoeverBooksItFirst) {
  const LotName a = Receive("A", "A1", "2027-06-30", 10);
  const LotName b = Receive("B", "B1", "2027-06-30", 10);
  const LotName c = Receive("C", "C1", "2027-06-30", 10);
  const CorrectionOperations corrections(operations_.use_case());
  const StockCountName first = Opened(), second = Opened();
  for (const StockCountName& name : {first, second}) {
    for (int again = 0; again < 2; ++again) {
      ASSERT_TRUE(Enter(name, {Found(a, 8, "lost"), Found(b, 8, "lost"), Found(c, 10)}).ok());
    }
  }
  database_.clock().Advance(absl::Hours(1));
  ASSERT_TRUE(DrawFree(1, a, 1).ok());  // sessions go on
  ASSERT_TRUE(Post(first).ok());
  EXPECT_EQ(Shelf(a).on_hand, 7);
  // The other count, an adjustment by hand, and a breakage of before the count that is told late.
  absl::Status refused = Post(second).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "COUNT_IN_PROGRESS");
  EXPECT_THAT(Causes(refused),
              ElementsAre("COUNT_IN_PROGRESS " + a.value(), "COUNT_IN_PROGRESS " + b.value()));
  const StockCountName third = Opened();
  const std::vector<CountedLine> lines = {Found(a, 6, "lost"), Found(b, 7, "lost"), Found(c, 10)};
  for (int again = 0; again < 2; ++again) ASSERT_TRUE(Enter(third, lines).ok());
  ASSERT_TRUE(Run(corrections, &CorrectionOperations::AdjustStock,
                  AdjustRequest{kParis, a, kMainUnit, -1, AdjustReason::kOther, "x"})
                  .ok());
  WasteRequest waste;
  waste.site = kParis;
  waste.lot = b;
  waste.unit = kMainUnit;
  waste.ampoules = 1;
  waste.reason = WasteReason::kBroken;
  waste.occurred_time = database_.clock().Now() - absl::Minutes(30);
  ASSERT_TRUE(Run(corrections, &CorrectionOperations::WasteStock, waste).ok());
  refused = Post(third).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "COUNT_IN_PROGRESS");
  EXPECT_THAT(Causes(refused),
              ElementsAre("COUNT_IN_PROGRESS " + a.value(), "COUNT_IN_PROGRESS " + b.value()));
  EXPECT_EQ(Shelf(a).on_hand, 6);
  EXPECT_EQ(Shelf(b).on_hand, 7);
  // Counted again, the books are right as they are.
  ASSERT_TRUE(Enter(third, lines).ok());
  EXPECT_TRUE(Post(third).ok());
  EXPECT_THAT(LinesOf(third), IsEmpty());
  EXPECT_EQ(Shelf(a).on_hand, 6);
}

// The counter books what explains the difference as of now, by the proper way and without a time.
TEST_F(StockCountTest, ADifferenceThatWasExplainedByABookingIsNotBookedAgain) {
  const LotName a = Receive("A", "A1", "2027-06-30", 10);
  const LotName b = Receive("B", "B1", "2027-06-30", 10);
  const LotName c = Receive("C", "C1", "2027-06-30", 10);
  const CorrectionOperations corrections(operations_.use_case());
  const StockCountName name = Opened();
  const std::vector<CountedLine> lines = {Found(a, 9, "broken"), Found(b, 20, "a box besides"),
                                          Found(c, 9, "lost")};
  for (int again = 0; again < 2; ++again) ASSERT_TRUE(Enter(name, lines).ok());
  database_.clock().Advance(absl::Minutes(5));
  WasteRequest waste;
  waste.site = kParis;
  waste.lot = a;
  waste.unit = kMainUnit;
  waste.ampoules = 1;
  waste.reason = WasteReason::kBroken;
  ASSERT_TRUE(Run(corrections, &CorrectionOperations::WasteStock, waste).ok());
  Receive("B", "B1", "2027-06-30", 10);
  Receive("C", "C1", "2027-06-30", 10);  // explains no shortage
  ASSERT_TRUE(DrawFree(1, c, 2).ok());
  const absl::Status refused = Post(name).status();
  ExpectRefused(refused, Code::kFailedPrecondition, "COUNT_IN_PROGRESS");
  EXPECT_THAT(Causes(refused),
              ElementsAre("COUNT_IN_PROGRESS " + a.value(), "COUNT_IN_PROGRESS " + b.value()));
  ASSERT_TRUE(Enter(name, {Found(a, 9), Found(b, 20)}).ok());
  ASSERT_TRUE(Post(name).ok());
  EXPECT_EQ(Shelf(a).on_hand, 9);
  EXPECT_EQ(Shelf(b).on_hand, 20);
  EXPECT_EQ(Shelf(c).on_hand, 17);
  EXPECT_THAT(LinesOf(name), SizeIs(1));
  ExpectSoundLedger();
}

TEST_F(StockCountTest, ACancelledCountChangesNothingAndOthersDoNotSeeIt) {
  const LotName a = Receive("A", "A1", "2027-06-30", 100);
  const StockCountName name = Opened();
  ASSERT_TRUE(Enter(name, {Found(a, 99, "broken")}).ok());
  ExpectRefused(
      Run(counts_, &StockCountOperations::CancelStockCount, name, AtSite("syd-1")).status(),
      Code::kNotFound, "RESOURCE_NOT_FOUND");
  ASSERT_TRUE(Run(counts_, &StockCountOperations::CancelStockCount, name).ok());
  ExpectRefused(Run(counts_, &StockCountOperations::CancelStockCount, name).status(),
                Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  ExpectRefused(Post(name).status(), Code::kFailedPrecondition, "STATE_NOT_ALLOWED");
  EXPECT_EQ(Shelf(a).on_hand, 100);
  Opened();
  EXPECT_THAT(Run(counts_, &StockCountOperations::ListStockCounts, SitePageQuery())->items,
              SizeIs(2));
  EXPECT_THAT(
      Run(counts_, &StockCountOperations::ListStockCounts, SitePageQuery(), AtSite("syd-1"))->items,
      IsEmpty());
}

TEST_F(StockCountTest, UseIsWhatSessionsUsedUpInTheYear) {
  const LotName a = Receive("A", "A1", "2028-06-30", 50);
  const LotName b = Receive("B", "B1", "2028-06-30", 50);
  ASSERT_TRUE(DrawFree(1, a, 5).ok());
  ASSERT_TRUE(Record(1, "PT-1", {Given(a, 3, 1)}).ok());  // one is still drawn
  database_.clock().Advance(absl::Hours(24 * 300));
  ASSERT_TRUE(DrawFree(2, b, 2).ok());
  ASSERT_TRUE(Record(2, "PT-2", {Given(b, 2)}).ok());
  const auto uses = [&](const SiteName& site) {
    std::vector<std::string> texts;
    const absl::Status read = database_->Read([&](Transaction& tx) -> absl::Status {
      texts.clear();
      const absl::CivilDay since =
          absl::ToCivilDay(database_.clock().Now(), absl::UTCTimeZone()) - kAbcDays;
      const auto found = ListProductUse(tx, site, since);
      if (!found.ok()) return found.status();
      for (const YearlyUse& use : *found) {
        texts.push_back(absl::StrCat(use.product.value(), " ", use.ampoules));
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read;
    return texts;
  };
  EXPECT_THAT(uses(kParis), ElementsAre("products/A 4", "products/B 2"));
  EXPECT_THAT(uses(kSydney), IsEmpty());
  database_.clock().Advance(absl::Hours(24 * 100));
  EXPECT_THAT(uses(kParis), ElementsAre("products/B 2"));
}

TEST_F(StockCountTest, TheHistoryOfACountCanNotBeRewritten) {
  const LotName a = Receive("A", "A1", "2027-06-30", 100);
  ASSERT_TRUE(Enter(Opened(), {Found(a, 97)}).ok());
  for (const char* sql :
       {"UPDATE stock_count_entry SET counted = 100", "DELETE FROM stock_count_entry"}) {
    EXPECT_FALSE(database_->Transact([&](Transaction& tx) { return tx.Execute(sql, {}); }).ok());
  }
}

TEST_F(StockCountTest, OfManyWhoPostOneCountOneDoes) {
  const LotName a = Receive("A", "A1", "2027-06-30", 100);
  const StockCountName name = Opened();
  ASSERT_TRUE(Enter(name, {Found(a, 98, "broken")}).ok());
  std::vector<absl::Status> statuses(16);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] { status = Post(name).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "STATE_NOT_ALLOWED");
    }
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(Shelf(a).on_hand, 98);
  ExpectSoundLedger();
}

TEST_F(StockCountTest, TheLastUnitsArePostedAsMissingOrDrawnNeverBoth) {
  const LotName a = Receive("A", "A1", "2027-06-30", 8);
  std::vector<StockCountName> names;
  for (int n = 0; n < 6; ++n) {
    names.push_back(Opened());
    for (int again = 0; again < 2; ++again) {
      ASSERT_TRUE(Enter(names.back(), {Found(a, 6, "not found")}).ok());
    }
  }
  std::vector<absl::Status> statuses(12);
  std::vector<std::thread> threads;
  for (int n = 0; n < 12; ++n) {
    threads.emplace_back(
        [&, n] { statuses[n] = n % 2 == 0 ? Post(names[n / 2]).status() : DrawFree(n, a, 2); });
  }
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const absl::Status& status : statuses) {
    done += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_THAT(ReasonOf(status), AnyOf("INSUFFICIENT_STOCK", "COUNT_IN_PROGRESS"));
    }
  }
  EXPECT_EQ(done, 4);
  EXPECT_EQ(Shelf(a).on_hand, 0);
  ExpectSoundLedger();
}

}  // namespace
}  // namespace meso::inventory
