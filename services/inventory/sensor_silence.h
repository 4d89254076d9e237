// The pending work that notices a sensor that has fallen silent: an alarm of its own, and the end
// of what it saw last.
//
// One row per sensor that is heard, due when it would be silent if it said nothing more; a row that
// comes too early is put off. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_SENSOR_SILENCE_H_
#define MESO_SERVICES_INVENTORY_SENSOR_SILENCE_H_

#include "common/database/database.h"
#include "common/work/pending_work.h"
#include "services/inventory/cold_chain_operations.h"

namespace meso::inventory {

// For PendingWorkRunner::Register(kSensorSilenceWork, ...). Both outlive the runner.
PendingWorkRunner::Handler SensorSilenceHandler(Database& database,
                                                const ColdChainOperations& operations);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_SENSOR_SILENCE_H_
