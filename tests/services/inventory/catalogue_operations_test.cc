#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using CatalogueTest = InventoryFixture;

TEST_F(CatalogueTest, AProductChangesOnlyWithTheRevisionItsEtagNames) {
  ProductChange change;
  change.product.name = ProductName("products/A");
  change.product.display_name = "Ascorvia";
  change.fields = {"display_name"};
  change.etag = "r1";
  const auto changed = Run(&InventoryOperations::UpdateProduct, change);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->revision, 2);
  EXPECT_EQ(changed->gtin, "09521234000112");
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::UpdateProduct, change).status()), "ETAG_MISMATCH");
  EXPECT_EQ(Events().back(), "ProductChanged");
}

TEST_F(CatalogueTest, AGtinBelongsToOneProductAndAMissingOneIsNotMadeByChance) {
  ProductChange change;
  change.product.name = ProductName("products/B");
  change.product.gtin = "09521234000112";
  change.fields = {"gtin"};
  const absl::Status taken = Run(&InventoryOperations::UpdateProduct, change).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(taken), "ALREADY_EXISTS");
  change.product.name = ProductName("products/NEW");
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::UpdateProduct, change).status()),
            "RESOURCE_NOT_FOUND");
}

TEST_F(CatalogueTest, APublishedRevisionStaysAndTheNextOneIsNewest) {
  Cocktail wanted;
  wanted.code = "C-01";
  wanted.revision = 1;
  const absl::Status again = database_->Transact([&](Transaction& tx) {
    return operations_.PublishCocktail(tx, Manager(), wanted, "").status();
  });
  EXPECT_EQ(ReasonOf(again), "STATE_NOT_ALLOWED");
  Cocktail next;
  next.code = "C-01";
  next.display_name = "Glow 2";
  next.lines = {{ProductName("products/A"), 1}};
  const auto draft = Run(&InventoryOperations::CreateCocktail, next);
  wanted.revision = 0;
  EXPECT_EQ(Run(&InventoryOperations::GetCocktail, wanted)->revision, 1) << "a draft is not newest";
  ASSERT_TRUE(database_
                  ->Transact([&](Transaction& tx) {
                    return operations_.PublishCocktail(tx, Manager(), *draft, "DRAFT").status();
                  })
                  .ok());
  EXPECT_EQ(Run(&InventoryOperations::GetCocktail, wanted)->revision, 2);
  EXPECT_EQ(Events().back(), "CocktailPublished");
  next.lines[0].product = ProductName("products/NONE");
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::CreateCocktail, next).status()),
            "RESOURCE_NOT_FOUND");
}

TEST_F(CatalogueTest, ARecipeIsPublishedOnlyWhenEveryProductDeclaresATag) {
  ProductChange change;
  change.product.name = ProductName("products/ADR");
  change.fields = {"ingredients"};
  ASSERT_TRUE(Run(&InventoryOperations::UpdateProduct, change).ok()) << "in no published recipe";
  Cocktail wanted;
  wanted.code = "C-02";
  wanted.display_name = "Undeclared";
  wanted.lines = {{ProductName("products/A"), 1}, {ProductName("products/ADR"), 1}};
  const auto draft = Run(&InventoryOperations::CreateCocktail, wanted);
  ASSERT_TRUE(draft.ok()) << draft.status();
  const auto publish = [&] {
    return database_->Transact([&](Transaction& tx) {
      return operations_.PublishCocktail(tx, Manager(), *draft, "").status();
    });
  };
  const absl::Status refused = publish();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused), "FIELD_INVALID");
  ASSERT_THAT(DetailsOf(refused).violations, SizeIs(1));
  EXPECT_EQ(DetailsOf(refused).violations[0].subject, "cocktail.lines[1].product");
  EXPECT_THAT(DetailsOf(refused).violations[0].description,
              ::testing::HasSubstr("products/ADR declares no tags"));
  change.product.tags = {"adrenaline"};
  change.fields = {"tags"};
  ASSERT_TRUE(Run(&InventoryOperations::UpdateProduct, change).ok());
  EXPECT_TRUE(publish().ok()) << "the product's own tag is a declaration too";
}

TEST_F(CatalogueTest, AProductOfAPublishedRecipeKeepsATag) {
  ProductChange change;
  change.product.name = ProductName("products/A");
  change.fields = {"ingredients"};
  const absl::Status refused = Run(&InventoryOperations::UpdateProduct, change).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused), "FIELD_INVALID");
  EXPECT_EQ(Run(&InventoryOperations::GetProduct, change.product.name)->revision, 1);
  change.product.tags = {"hyaluronic_acid"};
  change.fields = {"ingredients", "tags"};
  EXPECT_TRUE(Run(&InventoryOperations::UpdateProduct, change).ok());
}

TEST_F(CatalogueTest, PagesGoOnWhereTheLastOneEnded) {
  PageQuery query;
  query.size = 3;
  const auto first = Run(&InventoryOperations::ListProducts, query);
  ASSERT_THAT(first->items, SizeIs(3));
  query.after = first->next;
  const auto second = Run(&InventoryOperations::ListProducts, query);
  EXPECT_THAT(second->items, SizeIs(1));
  EXPECT_EQ(second->next, "");
}

TEST_F(CatalogueTest, AScannedDeliveryNeedsOnlyItsDocument) {
  Receipt receipt;
  receipt.site = kParis;
  receipt.unit = kMainUnit;
  receipt.scan =
      "]d201095212340001121727060010LOT7\x1d"
      "303";
  receipt.document = "DN-2";
  const auto answer = Run(&InventoryOperations::ReceiveStock, receipt);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->level.balance.on_hand, 30) << "three packs of ten";
  EXPECT_EQ(FormatDate(answer->lot.expiry), "2027-06-30") << "day 00 is the month's last";
  EXPECT_THAT(answer->warnings, SizeIs(1));
  EXPECT_TRUE(answer->created);
  receipt.scan = "]d201095212340001121727070010LOT7";
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReceiveStock, receipt).status()), "LOT_MISMATCH");
  receipt.product = ProductName("products/B");
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReceiveStock, receipt).status()), "SCAN_AMBIGUOUS");
  receipt.product = ProductName();
  receipt.scan = "]d2010952123400011210LOT717270630";
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReceiveStock, receipt).status()), "SCAN_AMBIGUOUS");
}

TEST_F(CatalogueTest, AnUnknownSiteOrProductIsNotFound) {
  Receipt receipt;
  receipt.site = SiteName("sites/nowhere");
  receipt.unit = kMainUnit;
  receipt.product = ProductName("products/A");
  receipt.lot_number = "A1";
  receipt.expiry = ParseDate("2027-06-30");
  receipt.ampoules = 1;
  receipt.document = "DN-3";
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReceiveStock, receipt).status()),
            "RESOURCE_NOT_FOUND");
  receipt.site = kParis;
  receipt.product = ProductName("products/NONE");
  EXPECT_EQ(ReasonOf(Run(&InventoryOperations::ReceiveStock, receipt).status()),
            "RESOURCE_NOT_FOUND");
}

TEST_F(CatalogueTest, StockLevelsSayWhatMayBeUsedToday) {
  const LotName a = Receive("A", "A1", "2026-11-20", 5);
  Receive("A", "A1", "2026-11-20", 5, kSydney);
  SitePageQuery query;
  query.site = kParis;
  EXPECT_THAT(Run(&InventoryOperations::ListStockLevels, query)->items[0].reasons, IsEmpty());
  database_.clock().Advance(absl::Hours(5));  // past midnight at Sydney, 15:00 at Paris
  query.site = SiteName();
  const auto levels = Run(&InventoryOperations::ListStockLevels, query);
  ASSERT_THAT(levels->items, SizeIs(2));
  EXPECT_THAT(levels->items[0].reasons, IsEmpty());
  EXPECT_THAT(levels->items[1].reasons, ElementsAre("LOT_EXPIRED"));
}

TEST_F(CatalogueTest, TheEmergencyKitIsMissingBelowParOrStocked) {
  EXPECT_EQ(Run(&InventoryOperations::CheckEmergencyKit, kParis)->state,
            EmergencyKitState::kMissing);
  Receive("ADR", "E1", "2026-11-20", 3);
  EXPECT_EQ(Run(&InventoryOperations::CheckEmergencyKit, kParis)->state,
            EmergencyKitState::kBelowPar);
  const LotName more = Receive("ADR", "E2", "2027-06-30", 4);
  EXPECT_EQ(Run(&InventoryOperations::CheckEmergencyKit, kParis)->state,
            EmergencyKitState::kStocked);
  EXPECT_EQ(Run(&InventoryOperations::CheckEmergencyKit, kSydney)->state,
            EmergencyKitState::kMissing);
  database_.clock().Advance(absl::Hours(24));
  ASSERT_TRUE(Quarantine(more).ok());
  const auto kit = Run(&InventoryOperations::CheckEmergencyKit, kParis);
  EXPECT_EQ(kit->state, EmergencyKitState::kMissing);
  EXPECT_EQ(kit->lines[0].available, 0);
}

TEST_F(CatalogueTest, AnOlderSiteNeverReplacesANewerOne) {
  ASSERT_TRUE(database_
                  ->Transact([&](Transaction& tx) -> absl::Status {
                    const CallContext call = Manager();
                    absl::Status status =
                        operations_.SaveSiteChange(tx, call, {kParis, "America/New_York", "US", 3});
                    if (!status.ok()) return status;
                    status = operations_.SaveSiteChange(tx, call, {kParis, "Asia/Dubai", "AE", 2});
                    if (!status.ok()) return status;
                    EXPECT_EQ((*LoadSite(tx, kParis))->time_zone, "America/New_York");
                    return absl::OkStatus();
                  })
                  .ok());
}

}  // namespace
}  // namespace meso::inventory
