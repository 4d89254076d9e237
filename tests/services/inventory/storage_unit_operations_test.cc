// Storage units: main from the first day, others by name, and stock that lies in them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StorageUnitTest : public InventoryFixture {
 protected:
  static StorageUnitChange Change(const std::string& name, StorageUnitKind kind) {
    StorageUnitChange change;
    change.unit.name = StorageUnitName(name);
    change.unit.display_name = "Fridge 1";
    change.unit.kind = kind;
    change.allow_missing = true;
    return change;
  }
  absl::StatusOr<StorageUnit> Update(const StorageUnitChange& change) {
    return Run(&InventoryOperations::UpdateStorageUnit, change);
  }
  absl::StatusOr<ReceiptAnswer> ReceiveInto(const std::string& unit, const std::string& product,
                                            const std::string& lot_number, int64_t ampoules) {
    Receipt receipt;
    receipt.site = kParis;
    receipt.unit = unit;
    receipt.product = ProductName(absl::StrCat("products/", product));
    receipt.lot_number = lot_number;
    receipt.expiry = ParseDate("2027-06-30");
    receipt.ampoules = ampoules;
    receipt.document = "DN-1";
    receipt.second_reader = "users/second";
    return Run(&InventoryOperations::ReceiveStock, receipt);
  }
  std::vector<std::string> Names(const SitePageQuery& query, const CallContext& call = Manager()) {
    std::vector<std::string> names;
    const auto page = Run(&InventoryOperations::ListStorageUnits, query, call);
    EXPECT_TRUE(page.ok()) << page.status();
    for (const StorageUnit& unit : page->items) names.push_back(unit.name.value());
    return names;
  }
};

// Pages end inside a lot, between two of its sites and between two of its units; none is left out
// or told twice.
TEST_F(StorageUnitTest, LevelsArePagedShelfByShelf) {
  InventoryFixture::AddUnit("fridge-1");
  for (int i = 0; i < 5; ++i) {
    const std::string number = absl::StrCat("A", i);
    Receive("A", number, "2027-06-30", 3);
    InventoryFixture::ReceiveInto("fridge-1", "A", number, "2027-06-30", 2);
    if (i != 2) Receive("A", number, "2027-06-30", 1, kSydney);
  }
  const auto all_of = [&](const SiteName& site, int size) {
    std::vector<std::string> shelves;
    SitePageQuery query{site, {}};
    query.page.size = size;
    do {
      const auto page = Run(&InventoryOperations::ListStockLevels, query);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const StockLevel& level : page->items) {
        EXPECT_EQ(level.lot.product, ProductName("products/A"));
        shelves.push_back(absl::StrCat(level.lot.name.value(), " ", level.balance.site.value(), " ",
                                       level.balance.unit, " ", level.lot.lot_number, " ",
                                       level.balance.on_hand));
      }
      query.page.after = page->next;
    } while (!query.page.after.empty());
    return shelves;
  };
  const std::vector<std::string> all = all_of(SiteName(), 500);
  EXPECT_THAT(all, SizeIs(14));
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  const std::vector<std::string> in_sydney = all_of(kSydney, 500);
  EXPECT_THAT(in_sydney, SizeIs(4));
  for (int size = 1; size <= 15; ++size) {
    EXPECT_EQ(all_of(SiteName(), size), all) << size;
    EXPECT_EQ(all_of(kSydney, size), in_sydney) << size;
  }
}

TEST_F(StorageUnitTest, EverySiteHasMainFromTheDayItIsKnown) {
  const auto main =
      Run(&InventoryOperations::GetStorageUnit, StorageUnitName("sites/par-1/storageUnits/main"));
  ASSERT_TRUE(main.ok()) << main.status();
  EXPECT_EQ(main->kind, StorageUnitKind::kMixed);
  EXPECT_EQ(main->range, std::nullopt);
  EXPECT_EQ(main->revision, 1);
  EXPECT_EQ(main->update_time, database_.clock().Now());
  EXPECT_THAT(Names({}),
              ElementsAre("sites/par-1/storageUnits/main", "sites/syd-1/storageUnits/main"));
}

TEST_F(StorageUnitTest, ASiteToldAgainKeepsWhatWasMadeOfItsMainUnit) {
  StorageUnitChange change = Change("sites/par-1/storageUnits/main", StorageUnitKind::kFridge);
  ASSERT_TRUE(Update(change).ok());
  ASSERT_TRUE(
      database_
          ->Transact([&](Transaction& tx) {
            return operations_.SaveSiteChange(tx, Manager(), {kParis, "Europe/Paris", "FR", 2});
          })
          .ok());
  const auto main = Run(&InventoryOperations::GetStorageUnit, change.unit.name);
  EXPECT_EQ(main->kind, StorageUnitKind::kFridge);
  EXPECT_EQ(main->revision, 2);
}

TEST_F(StorageUnitTest, AnUpdateChangesWhatItNamesAndNothingElse) {
  const std::string name = "sites/par-1/storageUnits/f-1";
  StorageUnitChange change = Change(name, StorageUnitKind::kFridge);
  const auto made = Update(change);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->range, (TemperatureRange{20, 80})) << "what a fridge is kept at";
  EXPECT_EQ(made->revision, 1);

  change.fields = {"temperature_range"};
  change.unit.range = TemperatureRange{30, 60};
  change.unit.display_name = "not named";
  change.etag = "r1";
  const auto narrowed = Update(change);
  ASSERT_TRUE(narrowed.ok()) << narrowed.status();
  EXPECT_EQ(narrowed->range, (TemperatureRange{30, 60}));
  EXPECT_EQ(narrowed->display_name, "Fridge 1");
  EXPECT_EQ(narrowed->revision, 2);

  change.etag = "r1";
  const absl::Status stale = Update(change).status();
  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(stale), "ETAG_MISMATCH");

  change.etag = "";
  change.fields = {"kind", "colour"};
  EXPECT_EQ(ReasonOf(Update(change).status()), "FIELD_INVALID");
  EXPECT_EQ(Run(&InventoryOperations::GetStorageUnit, change.unit.name)->revision, 2);
}

TEST_F(StorageUnitTest, WhatIsMissingIsNamed) {
  StorageUnitChange change = Change("sites/par-1/storageUnits/f-1", StorageUnitKind::kFridge);
  change.allow_missing = false;
  EXPECT_EQ(ReasonOf(Update(change).status()), "RESOURCE_NOT_FOUND");
  change.allow_missing = true;
  change.etag = "r1";
  EXPECT_EQ(ReasonOf(Update(change).status()), "ETAG_MISMATCH") << "it has no revision yet";
  const absl::Status no_site =
      Update(Change("sites/nowhere/storageUnits/f-1", StorageUnitKind::kFridge)).status();
  EXPECT_EQ(ReasonOf(no_site), "RESOURCE_NOT_FOUND");
  EXPECT_THAT(std::string(no_site.message()), HasSubstr("sites/nowhere"));
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::GetStorageUnit, change.unit.name).status()),
            "RESOURCE_NOT_FOUND");
}

TEST_F(StorageUnitTest, ListsShowTheCallersSitesAndFilterByKind) {
  ASSERT_TRUE(Update(Change("sites/par-1/storageUnits/f-1", StorageUnitKind::kFridge)).ok());
  ASSERT_TRUE(Update(Change("sites/syd-1/storageUnits/f-1", StorageUnitKind::kFridge)).ok());
  EXPECT_THAT(Names({}), SizeIs(4));
  EXPECT_THAT(Names({}, AtSite("syd-1")),
              ElementsAre("sites/syd-1/storageUnits/f-1", "sites/syd-1/storageUnits/main"));
  SitePageQuery paris;
  paris.site = kParis;
  paris.page.size = 1;
  const auto first = Run(&InventoryOperations::ListStorageUnits, paris);
  EXPECT_EQ(first->items[0].name.value(), "sites/par-1/storageUnits/f-1");
  paris.page.after = first->next;
  EXPECT_THAT(Names(paris), ElementsAre("sites/par-1/storageUnits/main"));
  SitePageQuery fridges;
  fridges.page.filter = *ParseFilter("kind = FRIDGE", {"kind"});
  EXPECT_THAT(Names(fridges), SizeIs(2));
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::GetStorageUnit,
                         StorageUnitName("sites/par-1/storageUnits/main"), AtSite("syd-1"))
                         .status()),
            "RESOURCE_NOT_FOUND");
}

TEST_F(StorageUnitTest, StockLiesInTheUnitItWasReceivedInto) {
  ASSERT_TRUE(Update(Change("sites/par-1/storageUnits/f-1", StorageUnitKind::kFridge)).ok());
  ASSERT_TRUE(ReceiveInto("main", "A", "A1", 1).ok());
  const auto answer = ReceiveInto("f-1", "A", "A1", 4);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->level.balance.unit, "f-1");
  EXPECT_EQ(answer->level.balance.on_hand, 4);
  EXPECT_EQ(answer->lot.on_hand, 5);
  SitePageQuery query;
  query.site = kParis;
  EXPECT_THAT(Run(&InventoryOperations::ListStockLevels, query)->items, SizeIs(2));
  const absl::Status unknown = ReceiveInto("f-2", "A", "A1", 1).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(unknown), "RESOURCE_NOT_FOUND");
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("sites/par-1/storageUnits/f-2"));
  ExpectSoundLedger();
}

TEST_F(StorageUnitTest, AReservationTakesUnitsFromSeveralPlacesAndDrawsThemThere) {
  ASSERT_TRUE(Update(Change("sites/par-1/storageUnits/f-1", StorageUnitKind::kFridge)).ok());
  ASSERT_TRUE(ReceiveInto("main", "A", "A1", 1).ok());
  ASSERT_TRUE(ReceiveInto("f-1", "A", "A1", 1).ok());
  ASSERT_TRUE(ReceiveInto("f-1", "B", "B1", 1).ok());
  ASSERT_TRUE(ReceiveInto("f-1", "C", "C1", 1).ok());
  ASSERT_TRUE(Reserve(1, absl::Hours(1)).ok());
  EXPECT_THAT(Reservations(1)->allocations, SizeIs(4));
  ExpectSoundLedger();
  ASSERT_TRUE(Draw(1).ok());
  ExpectSoundLedger();
  const auto lines = Run(&InventoryOperations::ListMovements, SitePageQuery());
  ASSERT_TRUE(Run(&InventoryOperations::ReverseMovement,
                  ReversalRequest{kParis, lines->items[0].index, ReversalReason::kNotHappened, ""})
                  .ok());
  ExpectSoundLedger();
  ASSERT_TRUE(Draw(1).ok());
  ExpectSoundLedger();
}

TEST_F(StorageUnitTest, AProductInTooWarmAPlaceIsAWarningNotARefusal) {
  ASSERT_TRUE(Update(Change("sites/par-1/storageUnits/shelf", StorageUnitKind::kRoom)).ok());
  ProductChange cold;
  cold.product.name = ProductName("products/A");
  cold.product.temperature_min_decidegrees = 20;
  cold.product.temperature_max_decidegrees = 80;
  cold.fields = {"storage"};
  ASSERT_TRUE(Run(&InventoryOperations::UpdateProduct, cold).ok());
  const auto warned = ReceiveInto("shelf", "A", "A1", 1);
  ASSERT_TRUE(warned.ok()) << warned.status();
  EXPECT_THAT(warned->warnings,
              ElementsAre("STORAGE_RANGE: sites/par-1/storageUnits/shelf is kept at 15.0 to 25.0 "
                          "C, products/A needs 2.0 to 8.0 C; put it elsewhere"));
  EXPECT_THAT(ReceiveInto("main", "A", "A1", 1)->warnings, IsEmpty())
      << "nothing is promised there";
  EXPECT_THAT(ReceiveInto("shelf", "B", "B1", 1)->warnings, IsEmpty()) << "nothing is asked";
}

// A database of the first version, with stock in a unit nobody had registered.
TEST(StorageUnitMigrationTest, PlacesKnownOnlyFromStockBecomeUnits) {
  const std::vector<Migration> all = InventoryMigrations();
  TempDatabase database("inventory", {all[0]});
  const char* const kRows[] = {
      "INSERT INTO site VALUES ('sites/par-1', 'Europe/Paris', 'FR', 1)",
      "INSERT INTO product VALUES ('products/A', 'A', '09521234000112', '', x'', 1, 2000, 10, 0, "
      "0, "
      "0, 0, 0, 0, 1, 0)",
      "INSERT INTO lot VALUES (1, 'lots/a', 'products/A', 'A1', '2027-06-30', 2, 0, 0, 1, 1)",
      "INSERT INTO balance VALUES (1, 'sites/par-1', 'main', 'products/A', '2027-06-30', 2, 2, 0, "
      "0, 0, 0)",
      "INSERT INTO balance VALUES (1, 'sites/par-1', 'fridge', 'products/A', '2027-06-30', 1, 1, "
      "0, "
      "0, 0, 0)",
      "INSERT INTO movement VALUES (1, 1, 1, 'sites/par-1', 'main', 2, 0, '', '', '', '', '', 0)"};
  for (const char* row : kRows) {
    ASSERT_TRUE(database->Transact([&](Transaction& tx) { return tx.Execute(row, {}); }).ok())
        << row;
  }
  ASSERT_TRUE(Migrate(*database, "inventory", all, database.ids()).ok());
  ASSERT_TRUE(database
                  ->Read([](Transaction& tx) -> absl::Status {
                    MESO_ASSIGN_OR_RETURN(
                        const Rows units,
                        tx.Query("SELECT name, kind FROM storage_unit ORDER BY name", {}));
                    EXPECT_THAT(units, SizeIs(2));
                    EXPECT_EQ(units[0].Text(0), "sites/par-1/storageUnits/fridge");
                    EXPECT_EQ(units[1].Text(0), "sites/par-1/storageUnits/main");
                    EXPECT_EQ(units[0].Text(1), "MIXED");
                    MESO_ASSIGN_OR_RETURN(const Rows lines,
                                          tx.Query("SELECT reverses FROM movement", {}));
                    EXPECT_THAT(lines, SizeIs(1));
                    EXPECT_EQ(lines[0].Int(0), 0);
                    return absl::OkStatus();
                  })
                  .ok());
}

}  // namespace
}  // namespace meso::inventory
