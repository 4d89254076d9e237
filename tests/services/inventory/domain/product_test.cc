#include "services/inventory/domain/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

Product GoodProduct() {
  Product product;
  product.name = ProductName("products/AMP-VC");
  product.display_name = "Ascorvia 20";
  product.gtin = "09521234000334";
  product.category = "vitamin";
  product.ingredients = {{"ascorbic acid", {"vitamin_c"}, false}, {"sulfite", {"sulfite"}, true}};
  product.tags = {"vitamin_c", "light"};
  product.container_kind = ContainerKind::kAmpoule;
  product.unit_microlitres = 5000;
  product.units_per_pack = 10;
  product.temperature_min_decidegrees = 20;
  product.temperature_max_decidegrees = 80;
  return product;
}

std::vector<std::string> Fields(const FieldErrors& errors) {
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(errors.ToStatus()).violations) {
    fields.push_back(violation.subject);
  }
  return fields;
}

TEST(ProductTest, AGoodProductHasNoBrokenField) {
  FieldErrors errors;
  CheckProduct(GoodProduct(), errors);
  EXPECT_TRUE(errors.empty()) << errors.ToStatus();
}

TEST(ProductTest, EveryBrokenFieldIsNamedAtOnce) {
  Product product = GoodProduct();
  product.display_name = "";
  product.gtin = "09521234000335";
  product.tags = {"Not A Tag"};
  product.unit_microlitres = 0;
  product.units_per_pack = 10001;
  product.temperature_max_decidegrees = 10;
  product.emergency_kit_par = -1;
  FieldErrors errors;
  CheckProduct(product, errors);
  EXPECT_THAT(
      Fields(errors),
      IsSupersetOf({"product.display_name", "product.gtin", "product.tags[0]",
                    "product.unit_microlitres", "product.units_per_pack",
                    "product.storage.temperature_max_decidegrees", "product.emergency_kit_par"}));
}

TEST(ProductTest, AWrongCheckDigitHasItsOwnReason) {
  Product product = GoodProduct();
  product.gtin = "09521234000335";
  FieldErrors errors;
  CheckProduct(product, errors);
  EXPECT_EQ(ReasonOf(errors.ToStatus()), "CHECK_DIGIT_WRONG");
}

TEST(ProductTest, AMaskChangesOnlyWhatItNames) {
  Product change = GoodProduct();
  change.display_name = "Ascorvia Neo";
  change.units_per_pack = 5;
  FieldErrors errors;
  const Product merged = MergeProduct(GoodProduct(), change, {"units_per_pack"}, errors);
  EXPECT_EQ(merged.display_name, "Ascorvia 20");
  EXPECT_EQ(merged.units_per_pack, 5);
  MergeProduct(GoodProduct(), change, {"revision"}, errors);
  EXPECT_THAT(Fields(errors), ElementsAre("update_mask"));
}

TEST(ProductTest, TagsOfProductAndIngredientsCountOnce) {
  EXPECT_THAT(AllTags(GoodProduct()), ElementsAre("light", "sulfite", "vitamin_c"));
}

TEST(ProductTest, ATagOrIngredientMakesAnotherComposition) {
  Product other = GoodProduct();
  other.display_name = "x";
  EXPECT_FALSE(HasOtherComposition(GoodProduct(), other));
  other.ingredients[1].tags.clear();
  EXPECT_TRUE(HasOtherComposition(GoodProduct(), other));
}

TEST(CocktailTest, ARecipeNamesEachProductOnceInWholeAmpoules) {
  Cocktail cocktail;
  cocktail.code = "C 01";
  cocktail.display_name = "Glow";
  cocktail.lines = {
      {ProductName("products/A"), 1}, {ProductName("products/A"), 1}, {ProductName("nonsense"), 0}};
  FieldErrors errors;
  CheckCocktail(cocktail, errors);
  EXPECT_THAT(Fields(errors),
              ElementsAre("cocktail_id", "cocktail.lines[1].product", "cocktail.lines[2].product",
                          "cocktail.lines[2].ampoules"));
  cocktail.code = "C-01";
  cocktail.lines.resize(1);
  FieldErrors none;
  CheckCocktail(cocktail, none);
  EXPECT_THAT(Fields(none), IsEmpty());
}

Cocktail RecipeOf(std::vector<Product> products) {
  Cocktail cocktail;
  for (const Product& product : products) cocktail.lines.push_back({product.name, 2});
  cocktail.products = std::move(products);
  return cocktail;
}

TEST(CocktailTest, AProductThatMayNotBeMixedStandsAlone) {
  Product alone = GoodProduct();
  alone.no_mix = true;
  FieldErrors none;
  CheckRecipeProducts(RecipeOf({alone}), none);
  EXPECT_THAT(Fields(none), IsEmpty());
  FieldErrors errors;
  CheckRecipeProducts(RecipeOf({GoodProduct(), alone}), errors);
  EXPECT_THAT(Fields(errors), ElementsAre("cocktail.lines[1].product"));
}

TEST(CocktailTest, ASessionsDoseStaysWithinTheCap) {
  Product capped = GoodProduct();
  capped.session_microlitres_max = 2 * capped.unit_microlitres;
  FieldErrors none;
  CheckRecipeProducts(RecipeOf({capped}), none);
  EXPECT_THAT(Fields(none), IsEmpty()) << "exactly the cap";
  --capped.session_microlitres_max;
  FieldErrors errors;
  CheckRecipeProducts(RecipeOf({GoodProduct(), capped}), errors);
  EXPECT_THAT(Fields(errors), ElementsAre("cocktail.lines[1].ampoules"));
}

TEST(CocktailTest, ADraftProductAndEveryOtherFaultAreNamedAtOnce) {
  Product bad = GoodProduct();
  bad.draft = true;
  bad.no_mix = true;
  bad.session_microlitres_max = 1;
  FieldErrors errors;
  CheckRecipeProducts(RecipeOf({bad, GoodProduct()}), errors);
  EXPECT_THAT(Fields(errors), ElementsAre("cocktail.lines[0].product", "cocktail.lines[0].product",
                                          "cocktail.lines[0].ampoules"));
}

}  // namespace
}  // namespace meso::inventory
