// The formulary in SQL: sites as projected, products, cocktails. Stock, reservations and records
// have stores of their own beside this one.
//
// Functions over a Transaction, no state; all errors are those of Transaction::Query and Execute
// plus the named ones.
#ifndef MESO_SERVICES_INVENTORY_STORE_INVENTORY_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_INVENTORY_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/filter.h"
#include "common/base/ids.h"
#include "common/database/database.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/product.h"

namespace meso::inventory {

// A page of a list: rows after `after` (a list's own key; empty = from the start), at most `size` +
// 1, so that the caller sees whether there are more.
struct PageQuery {
  std::string after;
  int size = 50;
  FilterNode filter;
};

struct Site {
  SiteName name;
  std::string time_zone;
  std::string jurisdiction;
  int64_t revision = 0;
};

// The parameter of a statement that asks for any of several sites: instr($n, ' ' || site || ' ') >
// 0. A site's name has no spaces.
std::string SpacedOut(const std::vector<SiteName>& sites);

absl::StatusOr<std::optional<Site>> LoadSite(Transaction& tx, const SiteName& name);
absl::StatusOr<std::vector<SiteName>> ListSiteNames(Transaction& tx);
// Keeps the newer of the two.
absl::Status SaveSite(Transaction& tx, const Site& site);

absl::StatusOr<std::optional<Product>> LoadProduct(Transaction& tx, const ProductName& name);
absl::StatusOr<std::optional<Product>> LoadProductByGtin(Transaction& tx, const std::string& gtin);
// In the order of names. Filter fields: category, gtin, emergency.
absl::StatusOr<std::vector<Product>> ListProducts(Transaction& tx, const PageQuery& page);
absl::StatusOr<std::vector<Product>> ListEmergencyProducts(Transaction& tx);
// Inserts the product, or replaces the revision before it. Errors: ALREADY_EXISTS when the GTIN is
// another product's.
absl::Status SaveProduct(Transaction& tx, const Product& product);
// Removes the revision loaded. Errors: STATE_NOT_ALLOWED when stock of it was received or a recipe
// uses it.
absl::Status RemoveProduct(Transaction& tx, const Product& product);

// The highest revision of a code; 0 = none.
absl::StatusOr<int64_t> LastCocktailRevision(Transaction& tx, const std::string& code);
absl::StatusOr<int64_t> NewestPublishedRevision(Transaction& tx, const std::string& code);
absl::StatusOr<std::optional<Cocktail>> LoadCocktail(Transaction& tx, const std::string& code,
                                                     int64_t revision);
// In the order of code and revision; `after` is "code/number". Filter fields: code, state, newest.
absl::StatusOr<std::vector<Cocktail>> ListCocktails(Transaction& tx, const PageQuery& page);
absl::Status InsertCocktail(Transaction& tx, const Cocktail& cocktail);
// Errors: STATE_NOT_ALLOWED when it is no draft any more.
absl::Status UpdateCocktailPublished(Transaction& tx, const Cocktail& cocktail);
// The published revisions that use a product.
absl::StatusOr<std::vector<CocktailRevisionName>> ListCocktailsWith(Transaction& tx,
                                                                    const ProductName& product);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_INVENTORY_STORE_H_
