// What sites use of products, read from the ledger. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_PRODUCT_USE_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_PRODUCT_USE_STORE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/database/database.h"
#include "services/inventory/domain/abc_class.h"

namespace meso::inventory {

// Units of every product that sessions at a site used up since a moment (given, handed out, of
// closed containers, drawn and thrown away), with what a unit costs; in the order of products.
// Products nobody used are left out. Reads the site's lines of that time along an index of their
// own.
absl::StatusOr<std::vector<YearlyUse>> ListProductUse(Transaction& tx, const SiteName& site,
                                                      absl::Time since);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_PRODUCT_USE_STORE_H_
