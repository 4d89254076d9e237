// What looking ahead reads in SQL: par levels, daily use, promises and booked needs, what is under
// way.
//
// Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_PLANNING_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_PLANNING_STORE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/planning.h"
#include "services/inventory/domain/stock_promise.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

absl::StatusOr<std::optional<ParLevel>> LoadParLevel(Transaction& tx, const ParLevelName& name);
// Inserts the par level, or replaces the revision before it. Errors: ETAG_MISMATCH when another
// revision is stored.
absl::Status SaveParLevel(Transaction& tx, const ParLevel& par_level);
// In the order of names; `site` empty = all. Filter fields: product.
absl::StatusOr<std::vector<ParLevel>> ListParLevels(Transaction& tx, const SiteName& site,
                                                    const PageQuery& page);

// Adds what a line of the ledger took to its day's use; nothing for most lines. Called by
// AppendMovement only.
absl::Status AddDailyUse(Transaction& tx, const ProductName& product, const Movement& movement);
// Of the kUseDays days before `today`.
absl::StatusOr<UseHistory> LoadUseHistory(Transaction& tx, const SiteName& site,
                                          const ProductName& product, absl::CivilDay today);

// What live promises count on, by site, product and day, at one site or (empty) all; `booked_only`
// leaves out those no booking confirmed.
absl::StatusOr<std::vector<UnkeptNeed>> ListPromisedNeeds(Transaction& tx, const SiteName& site,
                                                          absl::Time now, bool booked_only);
// What is under way to a site or (empty) to all, with the receiving site.
absl::StatusOr<std::vector<std::pair<SiteName, InboundUnits>>> ListInbound(Transaction& tx,
                                                                           const SiteName& site);

// Units of a product that have left a site's shelves and are not accounted for yet.
struct IssuedUnits {
  int64_t drawn = 0;
  int64_t opened = 0;
};
// Those of all products of the site; a product without any is not among them.
absl::StatusOr<std::map<ProductName, IssuedUnits>> ListIssuedUnits(Transaction& tx,
                                                                   const SiteName& site);
// The largest minimum remaining life of all products, in days.
absl::StatusOr<int64_t> LoadLongestRemainingLife(Transaction& tx);

// Where a product is planned for.
struct PlannedProduct {
  SiteName site;
  ProductName product;
};
// At most `limit` products with units on hand or under way, a par level, use since `use_begin`, or
// a booking that waits for lots, behind (`after_site`, `after_product`) in the order of site and
// product; `site` empty = all.
absl::StatusOr<std::vector<PlannedProduct>> ListPlannedProducts(Transaction& tx,
                                                                const SiteName& site,
                                                                const PlannedProduct& after,
                                                                absl::CivilDay use_begin,
                                                                int limit);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_PLANNING_STORE_H_
