#include "services/inventory/domain/product.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "services/inventory/domain/gs1.h"

namespace meso::inventory {
namespace {

constexpr size_t kDisplayNameMax = 128;
constexpr size_t kTagsMax = 32;
constexpr size_t kTagLengthMax = 64;
constexpr size_t kIngredientsMax = 50;
constexpr size_t kJurisdictionsMax = 300;
constexpr int64_t kUnitMicrolitresMax = 1000000;
constexpr int64_t kUnitsPerPackMax = 10000;
constexpr int64_t kDecidegreesMax = 1000;
constexpr int64_t kRemainingLifeDaysMax = 3650;
constexpr int64_t kEmergencyParMax = 1000;
constexpr int64_t kSessionMicrolitresMax = 1000000;
constexpr int64_t kAlertDaysMax = 400;
constexpr int64_t kUnitCostCentsMax = 100000000;
constexpr int64_t kRecipeAmpoulesMax = 100;
constexpr size_t kRecipeLinesMax = 20;

bool IsTag(absl::string_view text) {
  if (text.empty() || text.size() > kTagLengthMax) return false;
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(u) && !absl::ascii_isdigit(u) && c != '_') return false;
  }
  return true;
}

void CheckText(absl::string_view text, absl::string_view field, FieldErrors& errors) {
  if (text.empty()) {
    errors.Required(field);
  } else if (text.size() > kDisplayNameMax) {
    errors.Invalid(field, absl::StrCat("at most ", kDisplayNameMax, " bytes"));
  } else if (std::any_of(text.begin(), text.end(),
                         [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    errors.Invalid(field, "no control characters");
  }
}

void CheckTags(const std::vector<std::string>& tags, absl::string_view field, FieldErrors& errors) {
  if (tags.size() > kTagsMax) errors.Invalid(field, absl::StrCat("at most ", kTagsMax, " tags"));
  for (size_t i = 0; i < tags.size() && i < kTagsMax; ++i) {
    if (!IsTag(tags[i])) {
      errors.Invalid(absl::StrCat(field, "[", i, "]"), "1 to 64 of a-z 0-9 _");
    }
  }
}

void CheckRange(int64_t value, int64_t low, int64_t high, absl::string_view field,
                FieldErrors& errors) {
  if (value < low || value > high) {
    errors.Invalid(field, absl::StrCat(value, " is not within ", low, " to ", high));
  }
}

void CheckGtin(const std::string& gtin, FieldErrors& errors) {
  if (gtin.empty()) return errors.Required("product.gtin");
  if (gtin.size() != 14 || !IsDigits(gtin)) {
    return errors.Invalid("product.gtin", "14 digits; put zeros in front of a shorter one");
  }
  if (!HasRightCheckDigit(gtin)) {
    errors.Add("CHECK_DIGIT_WRONG", "product.gtin", "the last digit does not fit; read it again");
  }
}

void CheckExcursionRule(const Product& product, FieldErrors& errors) {
  const ExcursionRule& rule = product.excursion_rule;
  if (rule.peak_min_decidegrees) {
    CheckRange(*rule.peak_min_decidegrees, -kDecidegreesMax, product.temperature_min_decidegrees,
               "product.excursion_rule.peak_min_decidegrees", errors);
  }
  if (rule.peak_max_decidegrees) {
    CheckRange(*rule.peak_max_decidegrees, product.temperature_max_decidegrees, kDecidegreesMax,
               "product.excursion_rule.peak_max_decidegrees", errors);
  }
  if (rule.mkt_max_decidegrees) {
    CheckRange(*rule.mkt_max_decidegrees, product.temperature_min_decidegrees, kDecidegreesMax,
               "product.excursion_rule.mkt_max_decidegrees", errors);
  }
  if (rule.outside_max &&
      (*rule.outside_max < absl::ZeroDuration() || *rule.outside_max > absl::Hours(24))) {
    errors.Invalid("product.excursion_rule.outside_max", "0 to 24 hours");
  }
}

using CopyField = std::function<void(Product&, const Product&)>;

// One row per field a client may name in an update mask.
const std::map<std::string, CopyField>& FieldTable() {
  static const auto& table = *new std::map<std::string, CopyField>{
      {"display_name", [](Product& a, const Product& b) { a.display_name = b.display_name; }},
      {"gtin", [](Product& a, const Product& b) { a.gtin = b.gtin; }},
      {"category", [](Product& a, const Product& b) { a.category = b.category; }},
      {"ingredients", [](Product& a, const Product& b) { a.ingredients = b.ingredients; }},
      {"tags", [](Product& a, const Product& b) { a.tags = b.tags; }},
      {"container_kind", [](Product& a, const Product& b) { a.container_kind = b.container_kind; }},
      {"unit_microlitres",
       [](Product& a, const Product& b) { a.unit_microlitres = b.unit_microlitres; }},
      {"units_per_pack", [](Product& a, const Product& b) { a.units_per_pack = b.units_per_pack; }},
      {"storage",
       [](Product& a, const Product& b) {
         a.temperature_min_decidegrees = b.temperature_min_decidegrees;
         a.temperature_max_decidegrees = b.temperature_max_decidegrees;
         a.protect_from_light = b.protect_from_light;
       }},
      {"after_opening", [](Product& a, const Product& b) { a.after_opening = b.after_opening; }},
      {"min_remaining_life_days",
       [](Product& a, const Product& b) { a.min_remaining_life_days = b.min_remaining_life_days; }},
      {"emergency_kit_par",
       [](Product& a, const Product& b) { a.emergency_kit_par = b.emergency_kit_par; }},
      {"blocked_jurisdictions",
       [](Product& a, const Product& b) { a.blocked_jurisdictions = b.blocked_jurisdictions; }},
      {"no_mix", [](Product& a, const Product& b) { a.no_mix = b.no_mix; }},
      {"session_microlitres_max",
       [](Product& a, const Product& b) { a.session_microlitres_max = b.session_microlitres_max; }},
      {"inspect_on_receipt",
       [](Product& a, const Product& b) { a.inspect_on_receipt = b.inspect_on_receipt; }},
      {"home_care", [](Product& a, const Product& b) { a.home_care = b.home_care; }},
      {"alert_days", [](Product& a, const Product& b) { a.alert_days = b.alert_days; }},
      {"excursion_rule", [](Product& a, const Product& b) { a.excursion_rule = b.excursion_rule; }},
      {"draft", [](Product& a, const Product& b) { a.draft = b.draft; }},
      {"unit_cost_cents",
       [](Product& a, const Product& b) { a.unit_cost_cents = b.unit_cost_cents; }},
  };
  return table;
}

}  // namespace

void CheckProduct(const Product& product, FieldErrors& errors) {
  if (!IsNameOf("products/{code}", product.name.value())) {
    errors.Invalid("product.name", "products/{code} with 1 to 64 of A-Z a-z 0-9 - _");
  }
  CheckText(product.display_name, "product.display_name", errors);
  CheckGtin(product.gtin, errors);
  if (!product.category.empty() && !IsTag(product.category)) {
    errors.Invalid("product.category", "1 to 64 of a-z 0-9 _");
  }
  if (product.ingredients.size() > kIngredientsMax) {
    errors.Invalid("product.ingredients", absl::StrCat("at most ", kIngredientsMax));
  }
  for (size_t i = 0; i < product.ingredients.size() && i < kIngredientsMax; ++i) {
    const std::string field = absl::StrCat("product.ingredients[", i, "]");
    CheckText(product.ingredients[i].display_name, field + ".display_name", errors);
    CheckTags(product.ingredients[i].tags, field + ".tags", errors);
  }
  CheckTags(product.tags, "product.tags", errors);
  if (product.container_kind == ContainerKind::kUnspecified) {
    errors.Required("product.container_kind");
  }
  CheckRange(product.unit_microlitres, 1, kUnitMicrolitresMax, "product.unit_microlitres", errors);
  CheckRange(product.units_per_pack, 1, kUnitsPerPackMax, "product.units_per_pack", errors);
  CheckRange(product.temperature_min_decidegrees, -kDecidegreesMax, kDecidegreesMax,
             "product.storage.temperature_min_decidegrees", errors);
  CheckRange(product.temperature_max_decidegrees, product.temperature_min_decidegrees,
             kDecidegreesMax, "product.storage.temperature_max_decidegrees", errors);
  if (product.after_opening < absl::ZeroDuration() || product.after_opening > absl::Hours(8760)) {
    errors.Invalid("product.after_opening", "0 to 365 days");
  }
  CheckRange(product.min_remaining_life_days, 0, kRemainingLifeDaysMax,
             "product.min_remaining_life_days", errors);
  CheckRange(product.emergency_kit_par, 0, kEmergencyParMax, "product.emergency_kit_par", errors);
  CheckRange(product.session_microlitres_max, 0, kSessionMicrolitresMax,
             "product.session_microlitres_max", errors);
  CheckRange(product.alert_days, 0, kAlertDaysMax, "product.alert_days", errors);
  CheckRange(product.unit_cost_cents, 0, kUnitCostCentsMax, "product.unit_cost_cents", errors);
  CheckExcursionRule(product, errors);
  if (product.blocked_jurisdictions.size() > kJurisdictionsMax) {
    errors.Invalid("product.blocked_jurisdictions", absl::StrCat("at most ", kJurisdictionsMax));
  }
  for (const std::string& code : product.blocked_jurisdictions) {
    if (code.size() < 2 || code.size() > 6 || !absl::ascii_isupper(code[0])) {
      errors.Invalid("product.blocked_jurisdictions", "ISO 3166 codes: FR, US-NY");
      break;
    }
  }
}

Product MergeProduct(const Product& current, const Product& change,
                     const std::vector<std::string>& fields, FieldErrors& errors) {
  Product merged = current;
  merged.name = change.name;
  for (const auto& [field, copy] : FieldTable()) {
    if (fields.empty()) copy(merged, change);
  }
  for (const std::string& field : fields) {
    const auto it = FieldTable().find(field);
    if (it == FieldTable().end()) {
      errors.Invalid("update_mask", absl::StrCat("a product has no changeable field ", field));
    } else {
      it->second(merged, change);
    }
  }
  return merged;
}

bool HasOtherComposition(const Product& a, const Product& b) {
  return !(a.ingredients == b.ingredients) || a.tags != b.tags ||
         a.blocked_jurisdictions != b.blocked_jurisdictions;
}

bool IsAuthorised(const Product& product, absl::string_view jurisdiction) {
  for (const std::string& blocked : product.blocked_jurisdictions) {
    if (jurisdiction == blocked) return false;
    if (absl::StartsWith(jurisdiction, absl::StrCat(blocked, "-"))) return false;
  }
  return true;
}

int64_t AlertDaysOf(const Product& product) {
  return product.alert_days == 0 ? kUsualAlertDays : product.alert_days;
}

std::vector<std::string> AllTags(const Product& product) {
  std::set<std::string> tags(product.tags.begin(), product.tags.end());
  for (const Ingredient& ingredient : product.ingredients) {
    tags.insert(ingredient.tags.begin(), ingredient.tags.end());
  }
  return {tags.begin(), tags.end()};
}

std::string EtagOf(int64_t revision) { return absl::StrCat("r", revision); }

absl::string_view ToText(CocktailState state) {
  switch (state) {
    case CocktailState::kDraft:
      return "DRAFT";
    case CocktailState::kPublished:
      return "PUBLISHED";
    case CocktailState::kUnspecified:
      break;
  }
  return "UNSPECIFIED";
}

CocktailRevisionName NameOf(const Cocktail& cocktail) {
  return CocktailRevisionName(
      absl::StrCat("cocktails/", cocktail.code, "/revisions/r", cocktail.revision));
}

void CheckCocktail(const Cocktail& cocktail, FieldErrors& errors) {
  if (cocktail.code.empty()) {
    errors.Required("cocktail_id");
  } else if (!IsCode(cocktail.code)) {
    errors.Invalid("cocktail_id", "1 to 64 of A-Z a-z 0-9 - _");
  }
  CheckText(cocktail.display_name, "cocktail.display_name", errors);
  if (cocktail.lines.empty()) errors.Required("cocktail.lines");
  if (cocktail.lines.size() > kRecipeLinesMax) {
    errors.Invalid("cocktail.lines", absl::StrCat("at most ", kRecipeLinesMax));
    return;
  }
  std::set<ProductName> seen;
  for (size_t i = 0; i < cocktail.lines.size(); ++i) {
    const CocktailLine& line = cocktail.lines[i];
    const std::string field = absl::StrCat("cocktail.lines[", i, "]");
    if (line.product.empty()) {
      errors.Required(field + ".product");
    } else if (!IsNameOf("products/{code}", line.product.value())) {
      errors.Invalid(field + ".product", "products/{code}");
    } else if (!seen.insert(line.product).second) {
      errors.Invalid(field + ".product", "a product stands once; add the ampoules up");
    }
    CheckRange(line.ampoules, 1, kRecipeAmpoulesMax, field + ".ampoules", errors);
  }
}

void CheckRecipeProducts(const Cocktail& cocktail, FieldErrors& errors) {
  for (size_t i = 0; i < cocktail.lines.size() && i < cocktail.products.size(); ++i) {
    const Product& product = cocktail.products[i];
    const std::string field = absl::StrCat("cocktail.lines[", i, "]");
    if (product.draft) {
      errors.Invalid(field + ".product",
                     absl::StrCat(product.name.value(), " is a draft; complete it first"));
    }
    if (product.no_mix && cocktail.lines.size() > 1) {
      errors.Invalid(field + ".product", absl::StrCat(product.name.value(), " may not be mixed"));
    }
    const int64_t microlitres = cocktail.lines[i].ampoules * product.unit_microlitres;
    if (product.session_microlitres_max > 0 && microlitres > product.session_microlitres_max) {
      errors.Invalid(field + ".ampoules",
                     absl::StrCat(microlitres, " microlitres are more than the ",
                                  product.session_microlitres_max, " of ", product.name.value(),
                                  " a patient may get in one session"));
    }
  }
}

}  // namespace meso::inventory
