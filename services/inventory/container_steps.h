// Taking volumes out of opened containers: who may, when, and what the ledger hears of it.
//
// Internal to the operations room. Whether the lot may be used is asked of DecideEligibility; all
// work inside the caller's transaction; none commits.
#ifndef MESO_SERVICES_INVENTORY_CONTAINER_STEPS_H_
#define MESO_SERVICES_INVENTORY_CONTAINER_STEPS_H_

#include "absl/status/statusor.h"
#include "services/inventory/domain/container.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {

// Fills the reasons why nothing may be taken out of the container now.
absl::Status JudgeContainer(Step& step, OpenedContainer& container);

// The container, fit to be drawn from for the appointment. Errors: RESOURCE_NOT_FOUND, also for one
// at another site; STATE_NOT_ALLOWED for one discarded or another appointment's single dose;
// BEYOND_USE_DATE, LOT_RECALLED, ... as it is judged.
absl::StatusOr<OpenedContainer> LoadDrawable(Step& step, const ContainerName& name,
                                             const AppointmentName& appointment);

// Takes the draw's volume out, and closes the container in the ledger when nothing is left.
// `otherwise` when it holds less.
absl::Status TakeOut(Step& step, const OpenedContainer& container, const ContainerDraw& draw,
                     Refusal otherwise);

// How a container ends.
struct Closing {
  bool given = false;  // something of it was
  absl::Time time;     // when it was; the ledger's line says so where it is recorded later
  DiscardReason reason = DiscardReason::kUnspecified;  // of what was thrown away
};

// The line that ends the container's unit: given when something of it was, else wasted.
absl::Status AppendClose(Step& step, const OpenedContainer& container, const Closing& closing);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_CONTAINER_STEPS_H_
