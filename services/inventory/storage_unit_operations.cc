// The use cases about storage units.
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/paged.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {

absl::StatusOr<StorageUnit> InventoryOperations::GetStorageUnit(Transaction& tx,
                                                                const CallContext& call,
                                                                const StorageUnitName& name) const {
  MESO_ASSIGN_OR_RETURN(std::optional<StorageUnit> unit, LoadStorageUnit(tx, name));
  if (!unit || !MaySee(call, SiteName(SiteOf(name.value())))) return ResourceNotFound(name.value());
  return *std::move(unit);
}

absl::StatusOr<Page<StorageUnit>> InventoryOperations::ListStorageUnits(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  MESO_ASSIGN_OR_RETURN(std::vector<StorageUnit> units,
                        meso::inventory::ListStorageUnits(tx, query.site, query.page));
  return MakePage(
      tx, std::move(units), query.page.size,
      [](const StorageUnit& unit) { return unit.name.value(); },
      [&](const StorageUnit& unit) { return MaySee(call, SiteName(SiteOf(unit.name.value()))); });
}

absl::StatusOr<StorageUnit> InventoryOperations::UpdateStorageUnit(
    Transaction& tx, const CallContext& call, const StorageUnitChange& change) const {
  const std::string& name = change.unit.name.value();
  // A site nobody told of yet is named by itself: its units can't be made before it.
  MESO_RETURN_IF_ERROR(LoadZone(tx, SiteName(SiteOf(name))).status());
  MESO_ASSIGN_OR_RETURN(const std::optional<StorageUnit> stored,
                        LoadStorageUnit(tx, change.unit.name));
  if (!stored && !change.allow_missing) return ResourceNotFound(name);
  const StorageUnit current = stored.value_or(StorageUnit());
  const std::string etag = stored ? EtagOf(current.revision) : "missing";
  if (!change.etag.empty() && change.etag != etag) return EtagMismatch(name, change.etag, etag);

  FieldErrors errors;
  StorageUnit unit = MergeStorageUnit(current, change.unit, change.fields, errors);
  CheckStorageUnit(unit, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  unit.revision = current.revision + 1;
  unit.update_time = clock_.Now();
  MESO_RETURN_IF_ERROR(SaveStorageUnit(tx, unit));
  call.audit.object_version = unit.revision;
  return unit;
}

}  // namespace meso::inventory
