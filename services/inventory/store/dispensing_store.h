// What was handed out for use at home, in SQL.
//
// Appended only; a patient's dispensings are chained by links to the one before, so that a trace
// reads them without an index on patients. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_DISPENSING_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_DISPENSING_STORE_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/dispensing.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

// Inserts the dispensing and links it into the patient's chain.
absl::Status InsertDispensing(Transaction& tx, const Dispensing& dispensing);
absl::StatusOr<std::optional<Dispensing>> LoadDispensing(Transaction& tx,
                                                         const DispensingName& name);
// The sites' dispensings of units of the lot, oldest first; at most `limit`.
absl::StatusOr<std::vector<Dispensing>> ListDispensingsOfLot(Transaction& tx, int64_t lot_row,
                                                             const std::vector<SiteName>& sites,
                                                             int limit);
// A patient's dispensings along the chain, newest first; at most `limit`.
absl::StatusOr<std::vector<Dispensing>> ListDispensingsOfPatient(Transaction& tx,
                                                                 const PatientName& patient,
                                                                 int limit);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_DISPENSING_STORE_H_
