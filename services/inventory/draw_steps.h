// What an appointment has drawn, in whole units and in volumes. Internal to the operations room;
// inside the caller's transaction.
#ifndef MESO_SERVICES_INVENTORY_DRAW_STEPS_H_
#define MESO_SERVICES_INVENTORY_DRAW_STEPS_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/inventory/domain/administration.h"
#include "services/inventory/inventory_operations.h"

namespace meso::inventory {

// Every lot drawn for the appointment so far, accounted for or not.
absl::StatusOr<std::vector<DrawnLot>> ListDrawnLots(Transaction& tx,
                                                    const AppointmentName& appointment);

// The same as an answer, as of now.
absl::StatusOr<DrawAnswer> AnswerDraws(Step& step, const AppointmentName& appointment,
                                       std::optional<Reservation> reservation);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DRAW_STEPS_H_
