// Stock counts in SQL. A change is conditional on the revision it was decided on: of two who meet,
// one changes no row and fails with the refusal given. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_STOCK_COUNT_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_STOCK_COUNT_STORE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/stock_count.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

// With its lines, in the order of their making.
absl::StatusOr<std::optional<StockCount>> LoadStockCount(Transaction& tx,
                                                         const StockCountName& name);
// Without lines, in the order of names; `site` empty = all. Filter fields: state.
absl::StatusOr<std::vector<StockCount>> ListStockCounts(Transaction& tx, const SiteName& site,
                                                        const PageQuery& page);
// The shelves of a site with units on hand, not counted yet, in the order of products, expiry and
// units; `unit` empty = all.
absl::StatusOr<std::vector<CountLine>> ListShelvesToCount(Transaction& tx, const SiteName& site,
                                                          const std::string& unit);
// Everybody who counted a shelf of it, also the first of two.
absl::StatusOr<std::set<std::string>> ListCounters(Transaction& tx, const StockCount& count);

// Inserts the count with its lines and returns its row number.
absl::StatusOr<int64_t> InsertStockCount(Transaction& tx, const StockCount& count);
// Saves state, poster and time of the revision after `count.revision - 1`; `otherwise` when that is
// not the stored one any more.
absl::Status UpdateStockCount(Transaction& tx, const StockCount& count,
                              Expected::Because otherwise);
// Saves a line that was just counted (inserts it when it is new) and appends to its history.
absl::Status SaveCounted(Transaction& tx, const StockCount& count, size_t position);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_STOCK_COUNT_STORE_H_
