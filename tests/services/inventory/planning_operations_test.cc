// Looking ahead on real books: promises for a date, par levels, what to order, what will expire.
#include "services/inventory/planning_operations.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/store/planning_store.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ProductName kA("products/A");
const ProductName kB("products/B");

class PlanningTest : public InventoryFixture {
 protected:
  PlanningTest() : planning_(operations_.use_case()) {}

  template <typename In, typename Out>
  absl::StatusOr<Out> Plan(absl::StatusOr<Out> (PlanningOperations::*operation)(Transaction&,
                                                                                const CallContext&,
                                                                                const In&) const,
                           const In& in, const CallContext& call = Manager()) {
    absl::StatusOr<Out> result = absl::UnknownError("did not run");
    const absl::Status status = database_->Transact([&](Transaction& tx) {
      result = (planning_.*operation)(tx, call, in);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  absl::StatusOr<StockPromise> Promise(absl::Duration in, int64_t sessions = 1,
                                       const SiteName& site = kParis) {
    return Plan(&PlanningOperations::PromiseStock,
                PromiseRequest{site, kCocktail, database_.clock().Now() + in, sessions});
  }
  absl::StatusOr<ParLevel> SetPar(const ProductName& product, int64_t par,
                                  const SiteName& site = kParis) {
    ParLevelChange change;
    change.par_level.name = ParLevelNameOf(site, product);
    change.par_level.par = par;
    change.allow_missing = true;
    return Plan(&PlanningOperations::UpdateParLevel, change);
  }
  // Draws one recipe and records it all as given, but for `wasted` of A.
  void Treat(int n, int64_t wasted = 0) {
    ASSERT_TRUE(Reserve(n, absl::Hours(1)).ok());
    const auto drawn = Draw(n);
    ASSERT_TRUE(drawn.ok()) << drawn.status();
    std::vector<AdministeredLot> lots;
    for (const DrawnLot& lot : drawn->drawn) {
      const int64_t away = lot.product == kA ? wasted : 0;
      lots.push_back(Given(lot.lot, lot.ampoules - away, away));
    }
    const auto record = Record(n, absl::StrCat("PT-", n), lots);
    ASSERT_TRUE(record.ok()) << record.status();
  }
  UseHistory History(const ProductName& product, absl::CivilDay today,
                     const SiteName& site = kParis) {
    UseHistory history;
    const absl::Status status = database_->Read([&](Transaction& tx) -> absl::Status {
      const auto loaded = LoadUseHistory(tx, site, product, today);
      if (loaded.ok()) history = *loaded;
      return loaded.status();
    });
    EXPECT_TRUE(status.ok()) << status;
    return history;
  }
  // As the transfers' migration does: units of a lot on their way to Paris.
  void SendToParis(const std::string& lot_number, int64_t ampoules, const std::string& expected) {
    const absl::Status status = database_->Transact([&](Transaction& tx) -> absl::Status {
      const absl::Status dropped = tx.Execute("DROP VIEW inbound", {});
      if (!dropped.ok()) return dropped;
      return tx.Execute(
          Sql::Dynamic(absl::StrCat("CREATE VIEW inbound AS SELECT 'transfers/t1' AS transfer, "
                                    "l.id AS lot, 'sites/par-1' AS site, ",
                                    ampoules, " AS ampoules, '", expected,
                                    "' AS expected_date FROM lot l WHERE l.lot_number = '",
                                    lot_number, "'")),
          {});
    });
    ASSERT_TRUE(status.ok()) << status;
  }
  ReorderSuggestion Suggestion(const ProductName& product, const SiteName& site = kParis) {
    SitePageQuery query;
    query.site = site;
    query.page.filter =
        *ParseFilter(absl::StrCat("product = \"", product.value(), "\""), {"product", "due"});
    const auto page = Plan(&PlanningOperations::ListReorderSuggestions, query);
    EXPECT_TRUE(page.ok()) << page.status();
    EXPECT_THAT(page->items, SizeIs(1));
    return page->items.empty() ? ReorderSuggestion() : page->items[0];
  }
  std::vector<ExpiringLine> Expiring(int64_t within_days, const std::string& filter = "",
                                     const CallContext& call = Manager()) {
    ExpiringQuery query;
    query.within_days = within_days;
    query.list.page.filter = *ParseFilter(filter, {"product", "waste"});
    const auto page = Plan(&PlanningOperations::ListExpiring, query, call);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? page->items : std::vector<ExpiringLine>();
  }

  PlanningOperations planning_;
};

TEST_F(PlanningTest, APromiseIsPossibleAndExplainsEveryLot) {
  Stock(2);
  Receive("A", "SHORT", "2026-11-25", 9);
  const auto promise = Promise(absl::Hours(20 * 24));
  ASSERT_TRUE(promise.ok()) << promise.status();
  EXPECT_TRUE(promise->possible);
  EXPECT_EQ(promise->use_date, absl::CivilDay(2026, 12, 10));
  ASSERT_THAT(promise->products, SizeIs(3));
  EXPECT_EQ(promise->products[0].needed, 2);
  ASSERT_THAT(promise->products[0].lots, SizeIs(2));
  EXPECT_THAT(promise->products[0].lots[0].reasons, ElementsAre("LOT_EXPIRED"));
  EXPECT_EQ(promise->products[0].lots[1].ampoules, 2);
  const auto three = Promise(absl::Hours(20 * 24), 3);
  EXPECT_FALSE(three->possible);
  EXPECT_EQ(three->products[0].missing, 2);
  EXPECT_EQ(three->products[1].missing, 1);
}

TEST_F(PlanningTest, APromiseCountsWhatIsReservedAndWhatWasPromisedBefore) {
  Stock(3);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Reserve(2, absl::Hours(30 * 24)).ok());
  ASSERT_TRUE(Reserve(3, absl::Hours(60 * 24)).ok());
  EXPECT_TRUE(Promise(absl::Hours(40 * 24))->possible) << "one of three is left";
  EXPECT_EQ(Promise(absl::Hours(40 * 24))->products[0].promised, 2);
  EXPECT_FALSE(Promise(absl::Hours(60 * 24))->possible);
  EXPECT_TRUE(Promise(absl::Hours(20 * 24), 2)->possible) << "before the others' days";
  database_.clock().Advance(absl::Hours(25));
  EXPECT_TRUE(Promise(absl::Hours(60 * 24), 3)->possible) << "nobody confirmed any of them";
}

TEST_F(PlanningTest, APromiseTakesNothingThatBookedSessionsCountOn) {
  Stock(5);
  for (int n = 1; n <= 5; ++n) {
    ASSERT_TRUE(Reserve(n, absl::Hours(40 * 24)).ok());
    if (n > 1) {
      ASSERT_TRUE(Book(n, absl::Hours(40 * 24)).ok());
    }
  }
  EXPECT_TRUE(Promise(absl::Hours(30 * 24))->possible) << "one of five is not booked";
  EXPECT_FALSE(Promise(absl::Hours(30 * 24), 2)->possible);
  EXPECT_EQ(Promise(absl::Hours(30 * 24), 2)->products[0].missing, 2);
  ASSERT_TRUE(Book(1, absl::Hours(40 * 24)).ok());
  EXPECT_FALSE(Promise(absl::Hours(30 * 24))->possible);
  EXPECT_EQ(Promise(absl::Hours(30 * 24))->products[0].missing, 2);
}

TEST_F(PlanningTest, APromiseCountsBookingsThatWaitForStock) {
  Stock(1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  ASSERT_TRUE(Quarantine(Reservations(1)->allocations[1].lot).ok());
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  Receive("B", "B2", "2027-06-30", 1);  // it waits for this one
  const auto promise = Promise(absl::Hours(24));
  EXPECT_EQ(promise->products[1].missing, 1);
}

TEST_F(PlanningTest, APromiseCountsUnitsUnderWayFromTheDayTheyAreExpected) {
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  Receive("A", "SYD", "2027-06-30", 5, kSydney);
  EXPECT_FALSE(Promise(absl::Hours(48))->possible);
  SendToParis("SYD", 2, "2026-11-22");
  EXPECT_FALSE(Promise(absl::Hours(24))->possible);
  const auto promise = Promise(absl::Hours(48));
  EXPECT_TRUE(promise->possible);
  ASSERT_THAT(promise->products[0].lots, SizeIs(1));
  EXPECT_EQ(promise->products[0].lots[0].transfer, "transfers/t1");
}

TEST_F(PlanningTest, APromiseOfAForbiddenProductSaysSo) {
  Stock(2);
  ProductChange change;
  change.product.name = kB;
  change.product.blocked_jurisdictions = {"FR"};
  change.fields = {"blocked_jurisdictions"};
  ASSERT_TRUE(Run(&InventoryOperations::UpdateProduct, change).ok());
  const auto promise = Promise(absl::Hours(48));
  EXPECT_FALSE(promise->possible);
  EXPECT_THAT(promise->reasons, ElementsAre("NOT_AUTHORISED"));
  EXPECT_THAT(promise->products[1].lots[0].reasons, ElementsAre("NOT_AUTHORISED"));
  EXPECT_THAT(promise->products[0].lots[0].reasons, IsEmpty());
}

TEST_F(PlanningTest, APromiseReachesFromTodayToFourHundredDays) {
  EXPECT_EQ(ReasonOf(Promise(-absl::Hours(11)).status()), "FIELD_INVALID");
  EXPECT_TRUE(Promise(-absl::Hours(9)).ok());
  EXPECT_TRUE(Promise(absl::Hours(400 * 24)).ok());
  EXPECT_EQ(ReasonOf(Promise(absl::Hours(401 * 24)).status()), "FIELD_INVALID");
  PromiseRequest request{kParis, CocktailRevisionName("cocktails/C-01/revisions/r9"),
                         database_.clock().Now(), 1};
  EXPECT_EQ(ReasonOf(Plan(&PlanningOperations::PromiseStock, request).status()),
            "RESOURCE_NOT_FOUND");
  request = {SiteName("sites/nowhere"), kCocktail, database_.clock().Now(), 1};
  EXPECT_EQ(ReasonOf(Plan(&PlanningOperations::PromiseStock, request).status()),
            "RESOURCE_NOT_FOUND");
}

TEST_F(PlanningTest, WhatIsKeptIsWhatWasPromised) {
  // A promise said possible is kept when its day comes and nobody took anything meanwhile.
  Stock(1);
  ASSERT_TRUE(Promise(absl::Hours(60 * 24))->possible);
  ASSERT_TRUE(Reserve(1, absl::Hours(60 * 24)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(60 * 24)).ok());
  database_.clock().Advance(absl::Hours(50 * 24));
  RunPendingWork();
  EXPECT_EQ(Reservations(1)->state, ReservationState::kConfirmed);
}

TEST_F(PlanningTest, UseIsCountedByTheDayOfTheSiteWithItsLine) {
  Stock(9);
  Treat(1, /*wasted=*/1);
  Treat(2);
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 11, 21)).sum, 4) << "given and thrown away";
  EXPECT_EQ(History(kB, absl::CivilDay(2026, 11, 21)).sum, 2);
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 11, 20)).sum, 0) << "today is not over";
  database_.clock().Advance(absl::Hours(13));  // 23:00 at Paris
  Treat(3);
  database_.clock().Advance(absl::Hours(1));  // the next day there
  Treat(4);
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 11, 21)).sum, 6);
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 11, 22)).sum, 8);
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 11, 22)).sum_of_squares, 36 + 4);
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 12, 18)).sum, 8) << "the first of 28 days";
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 12, 19)).sum, 2);
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 11, 22), kSydney).sum, 0);
}

TEST_F(PlanningTest, TheDailyUseIsTheSumOfTheLedgersLines) {
  Stock(40);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) Treat(100 + 10 * t + i, i % 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(History(kA, absl::CivilDay(2026, 11, 21)).sum, 40);
  EXPECT_EQ(History(kB, absl::CivilDay(2026, 11, 21)).sum, 20);
  ExpectSoundLedger();
}

TEST_F(PlanningTest, AParLevelIsMadeChangedAndGuardedByItsEtag) {
  ParLevelChange change;
  change.par_level.name = ParLevelNameOf(kParis, kA);
  change.par_level.par = 20;
  EXPECT_EQ(ReasonOf(Plan(&PlanningOperations::UpdateParLevel, change).status()),
            "RESOURCE_NOT_FOUND");
  change.allow_missing = true;
  const auto made = Plan(&PlanningOperations::UpdateParLevel, change);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->revision, 1);
  EXPECT_EQ(made->lead_time_days, 7);
  change.etag = EtagOf(1);
  change.par_level.par = 30;
  EXPECT_EQ(Plan(&PlanningOperations::UpdateParLevel, change)->revision, 2);
  const absl::Status stale = Plan(&PlanningOperations::UpdateParLevel, change).status();
  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(stale), "ETAG_MISMATCH");
  change.etag.clear();
  change.par_level.name = ParLevelNameOf(kParis, ProductName("products/NONE"));
  EXPECT_EQ(ReasonOf(Plan(&PlanningOperations::UpdateParLevel, change).status()),
            "RESOURCE_NOT_FOUND");
  change.par_level.name = ParLevelNameOf(SiteName("sites/nowhere"), kA);
  EXPECT_EQ(ReasonOf(Plan(&PlanningOperations::UpdateParLevel, change).status()),
            "RESOURCE_NOT_FOUND");
}

TEST_F(PlanningTest, ParLevelsAreListedPageByPageForTheCallersSites) {
  for (const char* code : {"A", "B", "C"}) {
    ASSERT_TRUE(SetPar(ProductName(absl::StrCat("products/", code)), 10).ok());
  }
  ASSERT_TRUE(SetPar(kA, 5, kSydney).ok());
  SitePageQuery query;
  query.page.size = 3;
  const auto first = Plan(&PlanningOperations::ListParLevels, query);
  ASSERT_THAT(first->items, SizeIs(3));
  EXPECT_EQ(first->next, "sites/par-1/parLevels/C");
  query.page.after = first->next;
  const auto second = Plan(&PlanningOperations::ListParLevels, query);
  ASSERT_THAT(second->items, SizeIs(1));
  EXPECT_EQ(second->items[0].name.value(), "sites/syd-1/parLevels/A");
  EXPECT_EQ(second->next, "");
  query = SitePageQuery();
  EXPECT_THAT(Plan(&PlanningOperations::ListParLevels, query, AtSite("syd-1"))->items, SizeIs(1));
  query.page.filter = *ParseFilter("product = \"products/A\"", {"product"});
  EXPECT_THAT(Plan(&PlanningOperations::ListParLevels, query)->items, SizeIs(2));
}

TEST_F(PlanningTest, ProductsShowShelvesParAndCover) {
  Stock(10);
  Receive("A", "OLD", "2026-11-01", 3);
  const LotName held = Receive("A", "HELD", "2027-01-01", 4);
  ASSERT_TRUE(Quarantine(held).ok());
  ASSERT_TRUE(SetPar(kA, 25).ok());
  for (int n = 1; n <= 7; ++n) Treat(n);  // 14 of A
  database_.clock().Advance(absl::Hours(24));
  ASSERT_TRUE(Reserve(20).ok());
  SitePageQuery query;
  query.site = kParis;
  const auto page = Plan(&PlanningOperations::ListProductLevels, query);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->items, SizeIs(3));
  const ProductLevel& a = page->items[0];
  EXPECT_EQ(a.product, kA);
  EXPECT_EQ(a.on_hand, 6 + 3 + 4);
  EXPECT_EQ(a.reserved, 2);
  EXPECT_EQ(a.available, 4);
  EXPECT_EQ(a.quarantined, 4);
  EXPECT_EQ(a.par, 25);
  EXPECT_EQ(a.days_of_cover_tenths, 80);  // 4 / (14 / 28)
  EXPECT_EQ(a.next_expiry, absl::CivilDay(2027, 6, 30));
  ASSERT_TRUE(Draw(20).ok());
  EXPECT_EQ(Plan(&PlanningOperations::ListProductLevels, query)->items[0].drawn, 2);
  EXPECT_THAT(Plan(&PlanningOperations::ListProductLevels, SitePageQuery(), AtSite("syd-1"))->items,
              IsEmpty());
}

TEST_F(PlanningTest, ProductsArePagedInTheOrderOfSiteAndProduct) {
  Stock(1);
  Receive("B", "B9", "2027-06-30", 1, kSydney);
  SitePageQuery query;
  query.page.size = 2;
  std::vector<std::string> seen;
  do {
    const auto page = Plan(&PlanningOperations::ListProductLevels, query);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const ProductLevel& level : page->items) {
      seen.push_back(level.site.value() + " " + level.product.value());
    }
    query.page.after = page->next;
  } while (!query.page.after.empty());
  EXPECT_THAT(seen, ElementsAre("sites/par-1 products/A", "sites/par-1 products/B",
                                "sites/par-1 products/C", "sites/syd-1 products/B"));
  query.page.after = "nonsense";
  EXPECT_EQ(ReasonOf(Plan(&PlanningOperations::ListProductLevels, query).status()),
            "PAGE_TOKEN_INVALID");
}

TEST_F(PlanningTest, WhatToOrderFollowsFromUseAndBookedSessions) {
  Stock(10);
  for (int n = 1; n <= 7; ++n) Treat(n);  // 14 of A on one day
  database_.clock().Advance(absl::Hours(24));
  // Mean 0.5 a day; variance 14^2 x (1/28 - 1/784) x 28/27 = 7: 1.6449 x 2.6458 x 2.6458 = 11.51.
  ReorderSuggestion a = Suggestion(kA);
  EXPECT_EQ(a.numbers.available, 6);
  EXPECT_EQ(a.daily_use_milliampoules, 500);
  EXPECT_EQ(a.days_of_cover_tenths, 120);
  EXPECT_EQ(a.safety_stock, 12);
  EXPECT_EQ(a.reorder_point, 16);  // 3.5 rounded up
  EXPECT_TRUE(a.due);
  EXPECT_EQ(a.suggested_packs, 1);  // 10 are missing
  // Two booked sessions far ahead, and an unconfirmed one, which is no booking.
  for (int n = 20; n <= 22; ++n) ASSERT_TRUE(Reserve(n, absl::Hours(60 * 24)).ok());
  ASSERT_TRUE(Book(20, absl::Hours(60 * 24)).ok());
  ASSERT_TRUE(Book(21, absl::Hours(60 * 24)).ok());
  a = Suggestion(kA);
  EXPECT_EQ(a.numbers.committed, 4);
  EXPECT_EQ(a.suggested_packs, 2);  // 16 + 4 - 6 = 14
  ASSERT_TRUE(SetPar(kA, 60).ok());
  a = Suggestion(kA);
  EXPECT_EQ(a.suggested_ampoules, 60);  // 60 + 4 - 6 = 58
}

TEST_F(PlanningTest, ABookingThatLostItsLotsIsCommittedForWhatItLost) {
  const LotName bad = Receive("A", "BAD", "2027-01-01", 2);
  Receive("B", "B1", "2027-06-30", 1);
  Receive("C", "C1", "2027-06-30", 1);
  ASSERT_TRUE(Reserve(1).ok());
  ASSERT_TRUE(Book(1).ok());
  EXPECT_EQ(Suggestion(kA).numbers.committed, 0) << "its lots are kept";
  ASSERT_TRUE(CallBack({bad}).ok());
  RunPendingWork();
  ASSERT_EQ(Reservations(1)->state, ReservationState::kInvalidated);
  EXPECT_EQ(Suggestion(kA).numbers.committed, 2);
  EXPECT_TRUE(Suggestion(kA).due);
  EXPECT_EQ(Suggestion(kB).numbers.committed, 0) << "these are still kept";
}

TEST_F(PlanningTest, OnlyWhatIsDueWhenAskedForAndMalformedFiltersAreRefused) {
  Stock(10);
  ASSERT_TRUE(SetPar(kA, 60).ok());
  ParLevelChange change;
  change.par_level.name = ParLevelNameOf(kParis, kB);
  change.par_level.par = 60;
  change.par_level.reorder_point = 30;
  change.allow_missing = true;
  ASSERT_TRUE(Plan(&PlanningOperations::UpdateParLevel, change).ok());
  const auto due = [&](const std::string& filter) {
    SitePageQuery query;
    query.page.filter = *ParseFilter(filter, {"product", "due"});
    return Plan(&PlanningOperations::ListReorderSuggestions, query);
  };
  ASSERT_THAT(due("due = true")->items, SizeIs(1));
  EXPECT_EQ(due("due = true")->items[0].product, kB);
  EXPECT_THAT(due("due != true")->items, SizeIs(2));
  EXPECT_THAT(due("NOT due = true AND product = \"products/A\"")->items, SizeIs(1));
  EXPECT_EQ(ReasonOf(due("due = maybe").status()), "FILTER_INVALID");
  EXPECT_EQ(ReasonOf(due("product > \"products/A\"").status()), "FILTER_INVALID");
}

TEST_F(PlanningTest, StockThatExpiresUnusedIsNotAvailable) {
  Receive("B", "B1", "2027-06-30", 40);
  Receive("C", "C1", "2027-06-30", 40);
  Receive("A", "A1", "2026-12-03", 40);
  for (int n = 1; n <= 7; ++n) Treat(n);  // 14 of A
  database_.clock().Advance(absl::Hours(24));
  // 26 left, usable on 13 days more (21 November to 3 December) at 0.5 a day: 6.
  EXPECT_EQ(Suggestion(kA).numbers.available, 6);
  const std::vector<ExpiringLine> lines = Expiring(90);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].ageing.removal_date, absl::CivilDay(2026, 12, 4));
  EXPECT_EQ(lines[0].ageing.days_left, 13);
  EXPECT_EQ(lines[0].projection.use, 6);
  EXPECT_EQ(lines[0].projection.waste, 20);
}

TEST_F(PlanningTest, ExpiringIsListedInTheOrderOfTheLastDayWithinTheDaysAsked) {
  Receive("A", "GONE", "2026-11-10", 1);
  Receive("B", "SOON", "2026-11-29", 1);
  Receive("C", "EDGE", "2027-02-17", 1);  // removed on the 90th day
  Receive("A", "LATER", "2027-02-18", 1);
  const std::vector<ExpiringLine> lines = Expiring(90);
  std::vector<std::string> numbers;
  for (const ExpiringLine& line : lines) numbers.push_back(line.ageing.shelf.lot.lot_number);
  EXPECT_THAT(numbers, ElementsAre("GONE", "SOON", "EDGE"));
  EXPECT_EQ(lines[0].ageing.days_left, -9);
  EXPECT_EQ(lines[2].ageing.days_left, 90);
  EXPECT_THAT(Expiring(9), SizeIs(1));
  EXPECT_THAT(Expiring(10), SizeIs(2));
  EXPECT_THAT(Expiring(90, "product = \"products/A\""), SizeIs(1));
  EXPECT_THAT(Expiring(90, "", AtSite("syd-1")), IsEmpty());
}

TEST_F(PlanningTest, TheMinimumRemainingLifeBringsTheLastDayForward) {
  ProductChange change;
  change.product.name = kA;
  change.product.min_remaining_life_days = 30;
  change.fields = {"min_remaining_life_days"};
  ASSERT_TRUE(Run(&InventoryOperations::UpdateProduct, change).ok());
  Receive("A", "A1", "2026-12-31", 1);
  const std::vector<ExpiringLine> lines = Expiring(12);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].ageing.removal_date, absl::CivilDay(2026, 12, 2));
  EXPECT_EQ(lines[0].ageing.days_left, 12);
  EXPECT_THAT(Expiring(11), IsEmpty());
}

TEST_F(PlanningTest, WasteIsOfferedToTheSiteWhoseBookedSessionsNeedIt) {
  Receive("A", "SYD", "2027-02-28", 30, kSydney);
  ASSERT_TRUE(Reserve(1, absl::Hours(60 * 24)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(60 * 24)).ok());
  ASSERT_TRUE(Reserve(2, absl::Hours(150 * 24)).ok());  // after the lot's last day
  ASSERT_TRUE(Book(2, absl::Hours(150 * 24)).ok());
  std::vector<ExpiringLine> lines = Expiring(120, "waste = true");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].projection.waste, 30);
  ASSERT_THAT(lines[0].offers, SizeIs(1));
  EXPECT_EQ(lines[0].offers[0].site, kParis);
  EXPECT_EQ(lines[0].offers[0].ampoules, 2);
  EXPECT_THAT(Expiring(120, "", AtSite("syd-1"))[0].offers, IsEmpty()) << "not the caller's site";
  Receive("A", "PAR", "2027-06-30", 1);
  lines = Expiring(120);
  ASSERT_THAT(lines[0].offers, SizeIs(1));
  EXPECT_EQ(lines[0].offers[0].ampoules, 1) << "beyond what it has";
  Receive("A", "PAR", "2027-06-30", 1);
  EXPECT_THAT(Expiring(120)[0].offers, IsEmpty());
}

TEST_F(PlanningTest, AHeldLotIsOfferedToNobody) {
  const LotName held = Receive("A", "SYD", "2027-02-28", 30, kSydney);
  ASSERT_TRUE(Reserve(1, absl::Hours(60 * 24)).ok());
  ASSERT_TRUE(Book(1, absl::Hours(60 * 24)).ok());
  ASSERT_TRUE(Quarantine(held).ok());
  const std::vector<ExpiringLine> lines = Expiring(120);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].projection.waste, 30);
  EXPECT_THAT(lines[0].offers, IsEmpty());
}

}  // namespace
}  // namespace meso::inventory
