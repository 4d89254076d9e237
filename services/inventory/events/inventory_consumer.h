// What inventory does when scheduling tells something: sites into the projection, bookings
// confirmed, cancellations released.
//
// Called by the event consumer, once per event in effect, inside the transaction that moves its
// cursor. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_EVENTS_INVENTORY_CONSUMER_H_
#define MESO_SERVICES_INVENTORY_EVENTS_INVENTORY_CONSUMER_H_

#include "common/events/consumer.h"
#include "services/inventory/inventory_operations.h"

namespace meso::inventory {

// Handlers for the events of scheduling. `operations` outlives the consumer.
EventHandlers SchedulingHandlers(const InventoryOperations& operations);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_EVENTS_INVENTORY_CONSUMER_H_
