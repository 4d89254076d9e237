#include "services/inventory/store/storage_unit_store.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"

namespace meso::inventory {
namespace {

#define MESO_STORAGE_UNIT_COLUMNS                                 \
  "name, site, display_name, kind, temperature_min_decidegrees, " \
  "temperature_max_decidegrees, revision, update_time_us"

StorageUnit ReadStorageUnit(const Row& row) {
  StorageUnit unit;
  unit.name = StorageUnitName(row.Text(0));
  unit.display_name = row.Text(2);
  unit.kind = StorageUnitKindOf(row.Text(3));
  if (!row.IsNull(4)) unit.range = TemperatureRange{row.Int(4), row.Int(5)};
  unit.revision = row.Int(6);
  unit.update_time = row.Time(7);
  return unit;
}

Values ValuesOf(const StorageUnit& unit) {
  return {unit.name.value(),
          SiteOf(unit.name.value()),
          unit.display_name,
          std::string(ToText(unit.kind)),
          unit.range ? Value(unit.range->min_decidegrees) : Value(),
          unit.range ? Value(unit.range->max_decidegrees) : Value(),
          unit.revision,
          TimeValue(unit.update_time)};
}

}  // namespace

absl::StatusOr<std::optional<StorageUnit>> LoadStorageUnit(Transaction& tx,
                                                           const StorageUnitName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT " MESO_STORAGE_UNIT_COLUMNS " FROM storage_unit WHERE name = $1",
               {name.value()}));
  if (!row) return std::optional<StorageUnit>();
  return std::optional<StorageUnit>(ReadStorageUnit(*row));
}

absl::StatusOr<std::vector<StorageUnit>> ListStorageUnits(Transaction& tx, const SiteName& site,
                                                          const PageQuery& page) {
  static const auto& columns = *new std::map<std::string, FilterColumn>{
      {"kind",
       {"kind", FilterType::kText, {"MIXED", "ROOM", "FRIDGE", "FREEZER", "EMERGENCY_KIT"}}}};
  MESO_ASSIGN_OR_RETURN(FilterSql filter, CompileFilter(page.filter, columns, 4));
  Values args = {page.after, site.value(), int64_t{page.size + 1}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query(Sql::Dynamic(absl::StrCat(
                                     "WITH page (after, only, size) AS (SELECT $1, $2, $3) "
                                     "SELECT " MESO_STORAGE_UNIT_COLUMNS
                                     " FROM storage_unit, page WHERE name > page.after AND "
                                     "(page.only = '' OR site = page.only) AND ",
                                     filter.where, " ORDER BY name LIMIT (SELECT size FROM page)")),
                                 std::move(args)));
  std::vector<StorageUnit> units;
  for (const Row& row : rows) units.push_back(ReadStorageUnit(row));
  return units;
}

absl::Status SaveStorageUnit(Transaction& tx, const StorageUnit& unit) {
  return tx.Execute("INSERT INTO storage_unit (" MESO_STORAGE_UNIT_COLUMNS
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO UPDATE SET "
                    "display_name = excluded.display_name, kind = excluded.kind, "
                    "temperature_min_decidegrees = excluded.temperature_min_decidegrees, "
                    "temperature_max_decidegrees = excluded.temperature_max_decidegrees, "
                    "revision = excluded.revision, update_time_us = excluded.update_time_us",
                    ValuesOf(unit));
}

absl::Status InsertStorageUnitIfMissing(Transaction& tx, const StorageUnit& unit) {
  return tx.Execute("INSERT INTO storage_unit (" MESO_STORAGE_UNIT_COLUMNS
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
                    ValuesOf(unit), Expected::Any());
}

}  // namespace meso::inventory
