#include "services/inventory/reallocation.h"

#include "common/base/status_macros.h"
#include "common/database/pending_work_table.h"

namespace meso::inventory {

namespace {

// Rows written before they carried a context lead back to themselves.
absl::StatusOr<CallContext> ContextOf(const PendingWork& work) {
  if (!work.caller.empty()) return DecodeCaller(work.caller);
  CallContext call = ServiceContext("inventory", work.kind);
  call.correlation_id = work.id;
  call.causation_id = work.id;
  return call;
}

}  // namespace

PendingWorkRunner::Handler ReallocationHandler(Database& database,
                                               const InventoryOperations& operations) {
  return [&database, &operations](const PendingWork& work) {
    return database.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const CallContext call, ContextOf(work));
      MESO_RETURN_IF_ERROR(
          operations.ReallocateReservation(tx, call, ReservationName(work.subject)).status());
      return DeletePendingWork(tx, work.id);
    });
  };
}

PendingWorkRunner::Handler PromiseHandler(Database& database,
                                          const InventoryOperations& operations) {
  return [&database, &operations](const PendingWork& work) {
    return database.Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const std::optional<PendingWork> row, LoadPendingWork(tx, work.id));
      if (!row) return absl::OkStatus();  // somebody who met the promise has kept it
      MESO_ASSIGN_OR_RETURN(const CallContext call, ContextOf(work));
      return operations.AllocatePromised(tx, call, ReservationName(work.subject));
    });
  };
}

}  // namespace meso::inventory
