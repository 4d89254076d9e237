// The pending work that looks for lots: other ones after a hold, a recall or a taken unit, and the
// first ones of a promise whose use date has come near.
//
// One attempt per row: with no usable stock the row goes all the same, because every event that
// could change the answer (a receipt, a release, a reservation given back) leaves a new one.
// Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_REALLOCATION_H_
#define MESO_SERVICES_INVENTORY_REALLOCATION_H_

#include "common/database/database.h"
#include "common/work/pending_work.h"
#include "services/inventory/inventory_operations.h"

namespace meso::inventory {

// For PendingWorkRunner::Register(kReallocateWork, ...). Both outlive the runner.
PendingWorkRunner::Handler ReallocationHandler(Database& database,
                                               const InventoryOperations& operations);
// For PendingWorkRunner::Register(kPromiseWork, ...).
PendingWorkRunner::Handler PromiseHandler(Database& database,
                                          const InventoryOperations& operations);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_REALLOCATION_H_
