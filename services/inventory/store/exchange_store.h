// What CSV imports bring and exports read, in SQL.
//
// AppendImportedStock writes lots, balances and ledger lines as stock_store.h's InsertLot and
// AppendMovement would, but once for each lot and shelf instead of once for each row, and with row
// numbers it counts itself: an import holds the writer for as long as this takes. Functions over a
// Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_EXCHANGE_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_EXCHANGE_STORE_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/stock_import.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

// An import that was done.
struct StoredImport {
  std::string parent;     // sites/{site} or sites/-
  std::string file_hash;  // SHA-256, 32 bytes
  absl::Time import_time;
  std::string importer;
  bool opening_balance = false;
  int64_t rows = 0;
  int64_t ampoules = 0;
  int64_t new_lots = 0;
};

// The import of this file at this parent that still counts; nullopt when there is none.
absl::StatusOr<std::optional<StoredImport>> LoadStockImport(Transaction& tx,
                                                            const std::string& parent,
                                                            const std::string& file_hash,
                                                            absl::Time now);
// Notes the import and forgets those that no longer count. Errors: `already` when the same file was
// imported at the same parent meanwhile.
absl::Status InsertStockImport(Transaction& tx, const StoredImport& import,
                               Expected::Because already);

// Writes every lot, shelf and line of the plan. `names[i]` is the name for lots()[i] if
// it is new. `written` is called now and then with the lines written so far. Errors: `met` when a
// lot that was new to the plan has been received elsewhere meanwhile.
absl::Status AppendImportedStock(Transaction& tx, const StockImport& plan,
                                 const std::vector<LotName>& names, const std::string& actor,
                                 absl::Time now, Expected::Because met,
                                 const std::function<void(int64_t)>& written);

// The sites and products that INVALIDATED reservations need.
absl::StatusOr<std::vector<std::pair<SiteName, ProductName>>> ListInvalidatedNeeds(Transaction& tx);

// A shelf with units on hand, and what an import said of its lot.
struct ExportShelf {
  int64_t lot_row = 0;
  Balance balance;
  LotPurchase purchase;
};
// The shelves of the next `lots` lots after row number `after_lot`, in the order of lots, sites and
// units; `last_lot` becomes the last lot looked at, 0 = there are no more. `site` empty = all.
// Filter fields: product, lot.
absl::StatusOr<std::vector<ExportShelf>> ListExportShelves(Transaction& tx, const SiteName& site,
                                                           const FilterNode& filter,
                                                           int64_t after_lot, int lots,
                                                           int64_t& last_lot);

// Of the containers open on a shelf, the one to be used up first; nullopt = none is open.
struct OpenContainerTimes {
  absl::Time open_time;
  absl::Time beyond_use_time;
};
absl::StatusOr<std::optional<OpenContainerTimes>> LoadFirstOpenContainer(Transaction& tx,
                                                                         int64_t lot_row,
                                                                         const SiteName& site,
                                                                         const std::string& unit);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_EXCHANGE_STORE_H_
