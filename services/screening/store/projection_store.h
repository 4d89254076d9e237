// What screening keeps of objects other services own: sites and treatment types of scheduling,
// cocktail revisions of inventory.
//
// Functions over a Transaction. Events feed them; an older revision never replaces a newer one.
// Cocktail tags are a cache: fetched from inventory when first needed, dropped when a product's
// composition is corrected. Every function can also fail as the Database seam says.
#ifndef MESO_SERVICES_SCREENING_STORE_PROJECTION_STORE_H_
#define MESO_SERVICES_SCREENING_STORE_PROJECTION_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/screening/domain/clearance.h"

namespace meso::screening {

inline constexpr int kRankedCocktailsMax = 200;

// Keeps the site or treatment unless a newer revision is known.
absl::Status SaveSite(Transaction& tx, const Site& site);
absl::Status SaveTreatment(Transaction& tx, const Treatment& treatment);
// nullopt when it is not known here.
absl::StatusOr<std::optional<Site>> LoadSite(Transaction& tx, const SiteName& name);
absl::StatusOr<std::optional<Treatment>> LoadTreatment(Transaction& tx, const TreatmentName& name);

struct CachedCocktail {
  Cocktail cocktail;       // tags nullopt = not fetched
  int64_t generation = 0;  // corrections seen so far
};

// What is known of the revision, with empty tags and generation 0 when nothing is.
absl::StatusOr<CachedCocktail> LoadCocktail(Transaction& tx, const CocktailRevisionName& name);
// Notes that the revision is published, so that rankings consider it.
absl::Status SavePublishedCocktail(Transaction& tx, const CocktailRevisionName& name);
// Keeps title and tags of a published revision, unless a correction has come since `generation`
// was read.
absl::Status SaveCocktailTags(Transaction& tx, const Cocktail& cocktail, int64_t generation);
// Drops the tags: a product in the recipe was corrected.
absl::Status ForgetCocktailTags(Transaction& tx, const CocktailRevisionName& name);
// The newest published revision of every cocktail by code, at most kRankedCocktailsMax.
absl::StatusOr<std::vector<CachedCocktail>> ListNewestCocktails(Transaction& tx);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_STORE_PROJECTION_STORE_H_
