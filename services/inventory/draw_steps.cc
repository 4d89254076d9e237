#include "services/inventory/draw_steps.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/inventory/store/administration_store.h"

namespace meso::inventory {

absl::StatusOr<std::vector<DrawnLot>> ListDrawnLots(Transaction& tx,
                                                    const AppointmentName& appointment) {
  MESO_ASSIGN_OR_RETURN(const std::vector<DrawRow> draws, ListDraws(tx, appointment));
  std::vector<DrawnLot> drawn;
  for (const DrawRow& row : draws) drawn.push_back(row.drawn);
  return drawn;
}

absl::StatusOr<DrawAnswer> AnswerDraws(Step& step, const AppointmentName& appointment,
                                       std::optional<Reservation> reservation) {
  DrawAnswer answer;
  MESO_ASSIGN_OR_RETURN(answer.drawn, ListDrawnLots(step.tx, appointment));
  answer.reservation = std::move(reservation);
  MESO_ASSIGN_OR_RETURN(answer.as_of, HeadPosition(step.tx));
  return answer;
}

}  // namespace meso::inventory
