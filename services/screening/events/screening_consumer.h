// What other services' events do to screening: sites and treatment types of scheduling, cocktails
// and compositions of inventory.
//
// Each handler reads its payload and calls one Apply… operation in the event's transaction. An
// event that cannot be read is refused and ends, after the consumer's tries, as a dead letter. The
// handlers hold the operations, which outlive them; they keep no state.
#ifndef MESO_SERVICES_SCREENING_EVENTS_SCREENING_CONSUMER_H_
#define MESO_SERVICES_SCREENING_EVENTS_SCREENING_CONSUMER_H_

#include "common/events/consumer.h"
#include "services/screening/screening_operations.h"

namespace meso::screening {

// SiteChanged, TreatmentTypeChanged.
EventHandlers SchedulingHandlers(ScreeningOperations& operations);

// CocktailPublished, ProductChanged.
EventHandlers InventoryHandlers(ScreeningOperations& operations);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_EVENTS_SCREENING_CONSUMER_H_
