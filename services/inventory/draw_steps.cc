#include "services/inventory/draw_steps.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/container_store.h"

namespace meso::inventory {

absl::StatusOr<std::vector<DrawnLot>> ListDrawnLots(Transaction& tx,
                                                    const AppointmentName& appointment) {
  MESO_ASSIGN_OR_RETURN(const std::vector<DrawRow> draws, ListDraws(tx, appointment));
  std::vector<DrawnLot> drawn;
  for (const DrawRow& row : draws) drawn.push_back(row.drawn);
  MESO_ASSIGN_OR_RETURN(const auto volumes, ListVolumesOf(tx, appointment));
  for (const auto& [container, volume] : volumes) {
    DrawnLot lot;
    lot.lot_row = container.lot_row;
    lot.lot = container.lot;
    lot.product = container.product;
    lot.lot_number = container.lot_number;
    lot.expiry = container.expiry;
    lot.container = container.name;
    lot.microlitres = volume.microlitres;
    lot.accounted_microlitres = volume.accounted;
    drawn.push_back(std::move(lot));
  }
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
