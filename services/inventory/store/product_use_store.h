// What sites use of products in a year, from the sums the ledger keeps by day. Functions over a
// Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_PRODUCT_USE_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_PRODUCT_USE_STORE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "common/database/database.h"
#include "services/inventory/domain/abc_class.h"

namespace meso::inventory {

// Units of every product that sessions at a site used up since a day there (given, handed out, of
// closed containers, drawn and thrown away), with what a unit costs; in the order of products.
// Products nobody used are left out.
absl::StatusOr<std::vector<YearlyUse>> ListProductUse(Transaction& tx, const SiteName& site,
                                                      absl::CivilDay since);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_PRODUCT_USE_STORE_H_
