#include "services/inventory/inventory_operations.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/events/inventory_events.h"
#include "services/inventory/paged.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {
namespace {

absl::Status CheckEtag(absl::string_view name, const std::string& given, int64_t revision) {
  if (given.empty() || given == EtagOf(revision)) return absl::OkStatus();
  return EtagMismatch(name, given, EtagOf(revision));
}

// The current facts of the products in a recipe.
absl::Status LoadLineProducts(Transaction& tx, Cocktail& cocktail) {
  cocktail.products.clear();
  for (const CocktailLine& line : cocktail.lines) {
    MESO_ASSIGN_OR_RETURN(std::optional<Product> product, LoadProduct(tx, line.product));
    if (!product) return ResourceNotFound(line.product.value());
    cocktail.products.push_back(*std::move(product));
  }
  return absl::OkStatus();
}

// Screening decides on tags: a product that declares none would count as one that holds nothing.
void CheckDeclared(const Product& product, absl::string_view field, FieldErrors& errors) {
  if (!AllTags(product).empty()) return;
  errors.Invalid(field, absl::StrCat(product.name.value(),
                                     " declares no tags of what is in it; give "
                                     "it the tags of its ingredients, or of its class if none is "
                                     "of concern"));
}

}  // namespace

absl::StatusOr<Product> InventoryOperations::GetProduct(Transaction& tx, const CallContext&,
                                                        const ProductName& name) const {
  MESO_ASSIGN_OR_RETURN(std::optional<Product> product, LoadProduct(tx, name));
  if (!product) return ResourceNotFound(name.value());
  return *std::move(product);
}

absl::StatusOr<Page<Product>> InventoryOperations::ListProducts(Transaction& tx, const CallContext&,
                                                                const PageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Product> products, meso::inventory::ListProducts(tx, query));
  return MakePage(tx, std::move(products), query.size,
                  [](const Product& product) { return product.name.value(); });
}

absl::StatusOr<Product> InventoryOperations::UpdateProduct(Transaction& tx, const CallContext& call,
                                                           const ProductChange& change) const {
  const std::string& name = change.product.name.value();
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> stored, LoadProduct(tx, change.product.name));
  if (!stored && !change.allow_missing) return ResourceNotFound(name);
  const Product current = stored.value_or(Product());
  if (!stored && !change.etag.empty()) return EtagMismatch(name, change.etag, "missing");
  if (stored) MESO_RETURN_IF_ERROR(CheckEtag(name, change.etag, current.revision));

  FieldErrors errors;
  Product product = MergeProduct(current, change.product, change.fields, errors);
  CheckProduct(product, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  product.revision = current.revision + 1;
  product.update_time = clock_.Now();
  MESO_RETURN_IF_ERROR(SaveProduct(tx, product));

  const bool composition = !stored || HasOtherComposition(current, product);
  std::vector<CocktailRevisionName> cocktails;
  if (composition) {
    MESO_ASSIGN_OR_RETURN(cocktails, ListCocktailsWith(tx, product.name));
    if (!cocktails.empty()) CheckDeclared(product, "product.ingredients", errors);
    MESO_RETURN_IF_ERROR(errors.ToStatus());
  }
  MESO_RETURN_IF_ERROR(AppendProductChanged(tx, {ids_, product.update_time, call.trace_parent},
                                            product, composition, cocktails));
  call.audit.object_version = product.revision;
  return product;
}

absl::StatusOr<Product> InventoryOperations::DeleteProduct(Transaction& tx, const CallContext& call,
                                                           const ProductChange& wanted) const {
  const std::string& name = wanted.product.name.value();
  MESO_ASSIGN_OR_RETURN(std::optional<Product> stored, LoadProduct(tx, wanted.product.name));
  if (!stored) return ResourceNotFound(name);
  MESO_RETURN_IF_ERROR(CheckEtag(name, wanted.etag, stored->revision));
  MESO_RETURN_IF_ERROR(RemoveProduct(tx, *stored));
  call.audit.object_version = stored->revision;
  return *std::move(stored);
}

absl::StatusOr<Cocktail> InventoryOperations::CreateCocktail(Transaction& tx,
                                                             const CallContext& call,
                                                             const Cocktail& wanted) const {
  Cocktail cocktail = wanted;
  MESO_RETURN_IF_ERROR(LoadLineProducts(tx, cocktail));
  MESO_ASSIGN_OR_RETURN(const int64_t last, LastCocktailRevision(tx, cocktail.code));
  cocktail.revision = last + 1;
  cocktail.state = CocktailState::kDraft;
  cocktail.author = call.user().subject;
  cocktail.create_time = clock_.Now();
  MESO_RETURN_IF_ERROR(InsertCocktail(tx, cocktail));
  return cocktail;
}

absl::StatusOr<Cocktail> InventoryOperations::PublishCocktail(Transaction& tx,
                                                              const CallContext& call,
                                                              const Cocktail& wanted,
                                                              const std::string& etag) const {
  const std::string name = NameOf(wanted).value();
  MESO_ASSIGN_OR_RETURN(std::optional<Cocktail> cocktail,
                        LoadCocktail(tx, wanted.code, wanted.revision));
  if (!cocktail) return ResourceNotFound(name);
  if (cocktail->state != CocktailState::kDraft) {
    return StateNotAllowed(name, ToText(cocktail->state), "DRAFT");
  }
  if (!etag.empty() && etag != ToText(cocktail->state)) {
    return EtagMismatch(name, etag, ToText(cocktail->state));
  }
  MESO_RETURN_IF_ERROR(LoadLineProducts(tx, *cocktail));
  FieldErrors errors;
  for (size_t i = 0; i < cocktail->products.size(); ++i) {
    CheckDeclared(cocktail->products[i], absl::StrCat("cocktail.lines[", i, "].product"), errors);
  }
  CheckRecipeProducts(*cocktail, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  cocktail->state = CocktailState::kPublished;
  cocktail->publish_time = clock_.Now();
  MESO_RETURN_IF_ERROR(UpdateCocktailPublished(tx, *cocktail));
  MESO_RETURN_IF_ERROR(
      AppendCocktailPublished(tx, {ids_, cocktail->publish_time, call.trace_parent}, *cocktail));
  return *std::move(cocktail);
}

absl::StatusOr<Cocktail> InventoryOperations::GetCocktail(Transaction& tx, const CallContext&,
                                                          const Cocktail& wanted) const {
  int64_t revision = wanted.revision;
  if (revision == 0) {
    MESO_ASSIGN_OR_RETURN(revision, NewestPublishedRevision(tx, wanted.code));
  }
  MESO_ASSIGN_OR_RETURN(std::optional<Cocktail> cocktail, LoadCocktail(tx, wanted.code, revision));
  if (!cocktail) {
    return ResourceNotFound(wanted.revision == 0 ? absl::StrCat("cocktails/", wanted.code)
                                                 : NameOf(wanted).value());
  }
  MESO_RETURN_IF_ERROR(LoadLineProducts(tx, *cocktail));
  return *std::move(cocktail);
}

absl::StatusOr<Page<Cocktail>> InventoryOperations::ListCocktails(Transaction& tx,
                                                                  const CallContext&,
                                                                  const PageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<Cocktail> cocktails, meso::inventory::ListCocktails(tx, query));
  for (Cocktail& cocktail : cocktails) MESO_RETURN_IF_ERROR(LoadLineProducts(tx, cocktail));
  return MakePage(tx, std::move(cocktails), query.size, [](const Cocktail& cocktail) {
    return absl::StrCat(cocktail.code, "/", cocktail.revision);
  });
}

absl::Status InventoryOperations::SaveSiteChange(Transaction& tx, const CallContext&,
                                                 const Site& site) const {
  if (!FindTimeZone(site.time_zone)) {
    return absl::InvalidArgumentError(
        absl::StrCat(site.name.value(), " has the unknown time zone ", site.time_zone));
  }
  MESO_RETURN_IF_ERROR(SaveSite(tx, site));
  return InsertStorageUnitIfMissing(tx, MainUnitOf(site.name, clock_.Now()));
}

}  // namespace meso::inventory
