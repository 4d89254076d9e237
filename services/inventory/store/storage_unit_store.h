// Storage units in SQL. Functions over a Transaction, no state; all errors are those of
// Transaction::Query and Execute.
#ifndef MESO_SERVICES_INVENTORY_STORE_STORAGE_UNIT_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_STORAGE_UNIT_STORE_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/storage_unit.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

absl::StatusOr<std::optional<StorageUnit>> LoadStorageUnit(Transaction& tx,
                                                           const StorageUnitName& name);
// In the order of names; `site` empty = all. Filter fields: kind.
absl::StatusOr<std::vector<StorageUnit>> ListStorageUnits(Transaction& tx, const SiteName& site,
                                                          const PageQuery& page);
// Inserts the unit, or replaces the revision before it.
absl::Status SaveStorageUnit(Transaction& tx, const StorageUnit& unit);
// Inserts the unit unless there is one of its name.
absl::Status InsertStorageUnitIfMissing(Transaction& tx, const StorageUnit& unit);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_STORAGE_UNIT_STORE_H_
