// Sensors, readings and excursions in SQL.
//
// Readings are only ever read by windows of their index. Functions over a Transaction, no state;
// all errors are those of Transaction::Query and Execute unless said otherwise.
#ifndef MESO_SERVICES_INVENTORY_STORE_COLD_CHAIN_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_COLD_CHAIN_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/excursion.h"
#include "services/inventory/domain/whereabouts.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

absl::StatusOr<std::optional<Sensor>> LoadSensor(Transaction& tx, const StorageUnitName& unit,
                                                 const std::string& serial);
absl::StatusOr<std::vector<Sensor>> ListSensorsOfUnit(Transaction& tx, const StorageUnitName& unit);
// Inserts a sensor without a reading and returns its row number.
absl::StatusOr<int64_t> InsertSensor(Transaction& tx, const Sensor& sensor);
absl::Status UpdateSensor(Transaction& tx, const Sensor& sensor);
// In the order of storage unit and serial; `site` empty = all; `after` is "unit serial". Filter
// fields: silent, at `now`.
absl::StatusOr<std::vector<Sensor>> ListSensors(Transaction& tx, const SiteName& site,
                                                absl::Time now, const PageQuery& page);

// Keeps those of the readings (ordered, each time once) that are new, and returns them. Errors:
// ALREADY_EXISTS when one has another temperature.
absl::StatusOr<std::vector<Reading>> KeepReadings(Transaction& tx, const Sensor& sensor,
                                                  const std::vector<Reading>& readings);
// The readings from `begin` through `end`, the one before and the one after them, in order.
absl::StatusOr<std::vector<Reading>> LoadReadings(Transaction& tx, int64_t sensor_row,
                                                  absl::Time begin, absl::Time end);
// The whole hours from `begin` until `end`, in order.
absl::StatusOr<Exposure> LoadHours(Transaction& tx, int64_t sensor_row, absl::Time begin,
                                   absl::Time end);

// With its lots and the holds in force.
absl::StatusOr<std::optional<Excursion>> LoadExcursion(Transaction& tx, const ExcursionName& name);
// Those of a unit's sensors that have something from `begin` through `end`, in the order of their
// begin; with their lots.
absl::StatusOr<std::vector<Excursion>> ListExcursionsOfUnit(Transaction& tx,
                                                            const StorageUnitName& unit,
                                                            absl::Time begin, absl::Time end);
// The same for those that list a lot, in any unit.
absl::StatusOr<std::vector<Excursion>> ListExcursionsOfLot(Transaction& tx, int64_t lot_row,
                                                           absl::Time begin, absl::Time end);
// Those that hold the lot, or would as soon as units of it come anywhere: it exceeded a limit, and
// nobody released it. In the order of their begin; of their lots this one only.
absl::StatusOr<std::vector<Excursion>> ListExcursionsHolding(Transaction& tx, int64_t lot_row);
// In the order of names; `site` empty = all. Filter fields: storage_unit, state, lot.
absl::StatusOr<std::vector<Excursion>> ListExcursions(Transaction& tx, const SiteName& site,
                                                      const PageQuery& page);
// Inserts it without its lots and returns its row number.
absl::StatusOr<int64_t> InsertExcursion(Transaction& tx, const Excursion& excursion);
// Everything but its lots, and only if it is the revision before. Errors: ETAG_MISMATCH.
absl::Status UpdateExcursion(Transaction& tx, const Excursion& excursion);
// Replaces its lots, and the record of the holds they have.
absl::Status SaveExcursionLots(Transaction& tx, const Excursion& excursion);
// Replaces the record of the holds of one of its lots.
absl::Status SaveExcursionHolds(Transaction& tx, const Excursion& excursion,
                                const ExcursionLot& lot);
// The excursion that placed a hold in force; nullopt when none did.
absl::StatusOr<std::optional<ExcursionName>> FindExcursionOfHold(Transaction& tx,
                                                                 const std::string& hold_id);

// When the last hold that the excursion had on the lot in a place ended; nullopt = none did.
absl::StatusOr<std::optional<absl::Time>> LastRelease(Transaction& tx, int64_t lot_row,
                                                      const ExcursionName& excursion,
                                                      const Shelf& place);

// A lot with units in a storage unit, or with a line recorded since the given time.
struct LotInUnit {
  int64_t lot_row = 0;
  ProductName product;
  int64_t on_hand = 0, opened = 0;
  absl::Time last_line;  // when the lot's newest line was recorded
};
// All of them, or the lot of a row.
absl::StatusOr<std::vector<LotInUnit>> ListLotsInUnit(Transaction& tx, const SiteName& site,
                                                      const std::string& unit, absl::Time since,
                                                      std::optional<int64_t> only = std::nullopt);
// Every product a unit ever had units of.
absl::StatusOr<std::vector<ProductName>> ListProductsOfUnit(Transaction& tx, const SiteName& site,
                                                            const std::string& unit);
// A lot's shelves and its lines recorded since `from`.
absl::StatusOr<RecentLines> LoadRecentLines(Transaction& tx, int64_t lot_row, absl::Time from);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_COLD_CHAIN_STORE_H_
