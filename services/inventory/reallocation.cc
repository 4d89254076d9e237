#include "services/inventory/reallocation.h"

#include "common/base/status_macros.h"
#include "common/database/pending_work_table.h"

namespace meso::inventory {

PendingWorkRunner::Handler ReallocationHandler(Database& database,
                                               const InventoryOperations& operations) {
  return [&database, &operations](const PendingWork& work) {
    return database.Transact([&](Transaction& tx) -> absl::Status {
      CallContext call = ServiceContext("inventory", "reallocate");
      call.correlation_id = work.id;
      call.causation_id = work.id;
      MESO_RETURN_IF_ERROR(
          operations.ReallocateReservation(tx, call, ReservationName(work.subject)).status());
      return DeletePendingWork(tx, work.id);
    });
  };
}

}  // namespace meso::inventory
