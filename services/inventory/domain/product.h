// Products, and cocktails made of them: the chain's formulary.
//
// Value types and their rules; pure. A product's code is the caller's own; a cocktail is a series
// of revisions, each immutable once published.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_PRODUCT_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_PRODUCT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"

namespace meso::inventory {

// Numbered as in the contract.
enum class ContainerKind {
  kUnspecified = 0,
  kAmpoule = 1,
  kSingleDoseVial = 2,
  kMultiDoseVial = 3,
  kSyringe = 4,
  kPowder = 5,
};

struct Ingredient {
  std::string display_name;
  std::vector<std::string> tags;
  bool excipient = false;
  friend bool operator==(const Ingredient& a, const Ingredient& b) {
    return a.display_name == b.display_name && a.tags == b.tags && a.excipient == b.excipient;
  }
};

inline constexpr int64_t kUsualAlertDays = 30;

// How far outside its range a product may be, where its own stability data say more than the
// standard; tenths of a degree.
struct ExcursionRule {
  std::optional<int64_t> peak_min_decidegrees;
  std::optional<int64_t> peak_max_decidegrees;
  std::optional<absl::Duration> outside_max;
  std::optional<int64_t> mkt_max_decidegrees;
};

struct Product {
  ProductName name;
  std::string display_name;
  std::string gtin;  // 14 digits
  std::string category;
  std::vector<Ingredient> ingredients;
  std::vector<std::string> tags;
  ContainerKind container_kind = ContainerKind::kUnspecified;
  int64_t unit_microlitres = 0;
  int64_t units_per_pack = 0;
  int64_t temperature_min_decidegrees = 0;
  int64_t temperature_max_decidegrees = 0;
  bool protect_from_light = false;
  absl::Duration after_opening;  // zero = discard after the procedure
  int64_t min_remaining_life_days = 0;
  int64_t emergency_kit_par = 0;  // above 0: part of every site's emergency kit
  std::vector<std::string> blocked_jurisdictions;
  bool no_mix = false;                  // alone in a recipe
  int64_t session_microlitres_max = 0;  // the most of it in one session; 0 = no cap
  bool inspect_on_receipt = false;      // a received lot waits for its inspection
  bool home_care = false;               // may be handed out
  int64_t alert_days = 0;               // 0 = kUsualAlertDays
  ExcursionRule excursion_rule;
  bool draft = false;  // made by a delivery with an unknown GTIN
  int64_t unit_cost_cents = 0;
  int64_t revision = 0;
  absl::Time update_time;
};

// A wish to change a product: `fields` empty = all of them.
struct ProductChange {
  Product product;
  std::string etag;  // empty = whatever the revision
  std::vector<std::string> fields;
  bool allow_missing = false;
};

// Adds every broken rule of a whole product to `errors`, with fields as "product.gtin".
void CheckProduct(const Product& product, FieldErrors& errors);

// `current` with the named fields taken from `change`; an unknown field is added to `errors`.
Product MergeProduct(const Product& current, const Product& change,
                     const std::vector<std::string>& fields, FieldErrors& errors);

// True when what screening decides on differs: ingredients, tags, jurisdictions.
bool HasOtherComposition(const Product& a, const Product& b);

// False where the product may not be used: `jurisdiction` is the site's ("FR", "US-NY"), a blocked
// country blocks its parts.
bool IsAuthorised(const Product& product, absl::string_view jurisdiction);

int64_t AlertDaysOf(const Product& product);

// Every tag of the product and its ingredients, sorted, each once.
std::vector<std::string> AllTags(const Product& product);

// The text clients give back to say which revision they saw.
std::string EtagOf(int64_t revision);

enum class CocktailState { kUnspecified = 0, kDraft = 1, kPublished = 2 };
absl::string_view ToText(CocktailState state);

struct CocktailLine {
  ProductName product;
  int64_t ampoules = 0;
};

struct Cocktail {
  std::string code;
  int64_t revision = 0;
  std::string display_name;
  std::vector<CocktailLine> lines;
  CocktailState state = CocktailState::kUnspecified;
  std::string author;
  absl::Time create_time;
  absl::Time publish_time = absl::InfinitePast();
  std::vector<Product> products;  // of the lines, in their order; filled for answers
};

CocktailRevisionName NameOf(const Cocktail& cocktail);

// Adds every broken rule of a new recipe to `errors`, with fields as "cocktail.lines[2].ampoules".
void CheckCocktail(const Cocktail& cocktail, FieldErrors& errors);

// Adds what forbids the recipe with its `products` as they are now: drafts, mixing, caps. Fields as
// "cocktail.lines[2]".
void CheckRecipeProducts(const Cocktail& cocktail, FieldErrors& errors);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_PRODUCT_H_
