#include "services/inventory/sensor_silence.h"

namespace meso::inventory {

PendingWorkRunner::Handler SensorSilenceHandler(Database& database,
                                                const ColdChainOperations& operations) {
  return [&database, &operations](const PendingWork& work) {
    return database.Transact([&](Transaction& tx) -> absl::Status {
      CallContext call = ServiceContext("inventory", kSensorSilenceWork);
      call.correlation_id = work.id;
      call.causation_id = work.id;
      return operations.CheckSilence(tx, call, work);
    });
  };
}

}  // namespace meso::inventory
