// What inventory asks of other services: only that its copy of scheduling's sites be brought up to
// date.
//
// Inventory stands below scheduling and calls nobody to decide anything; what it knows of sites and
// bookings arrives as events. When a request names a site it has not heard of, the events may
// merely be late: CatchUp pulls them from the source. Implemented in inventory_app over the event
// consumer; thread-safe; never called inside a transaction.
#ifndef MESO_SERVICES_INVENTORY_PEERS_INVENTORY_PEERS_H_
#define MESO_SERVICES_INVENTORY_PEERS_INVENTORY_PEERS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace meso::inventory {

class InventoryPeers {
 public:
  virtual ~InventoryPeers() = default;
  // Takes in everything scheduling has told until now. Errors: UNAVAILABLE / DEPENDENCY_DOWN,
  // DEADLINE_EXCEEDED.
  virtual absl::Status CatchUpWithScheduling(absl::Time deadline) = 0;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_PEERS_INVENTORY_PEERS_H_
