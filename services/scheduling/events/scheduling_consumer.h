// The events of inventory and screening that scheduling takes in: payload in, one operation called.
//
// Used by the app to fill the two consumers. Handlers run on the database's writer, in the
// transaction that moves the cursor; they ask no other service. An event whose payload can't be
// parsed is refused, and ends in the dead-letter table.
#ifndef MESO_SERVICES_SCHEDULING_EVENTS_SCHEDULING_CONSUMER_H_
#define MESO_SERVICES_SCHEDULING_EVENTS_SCHEDULING_CONSUMER_H_

#include "common/events/consumer.h"
#include "services/scheduling/scheduling_operations.h"

namespace meso::scheduling {

// `env` must outlive the handlers.
EventHandlers InventoryHandlers(const SchedulingEnvironment& env);
EventHandlers ScreeningHandlers(const SchedulingEnvironment& env);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_EVENTS_SCHEDULING_CONSUMER_H_
