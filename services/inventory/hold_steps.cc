#include "services/inventory/hold_steps.h"

#include <algorithm>
#include <set>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {

absl::Status CheckMayHold(const CallContext& call, const SiteName& site) {
  if (site.empty()) {
    return call.AllowedSites() ? SiteForbidden("sites/-") : absl::OkStatus();
  }
  return MaySee(call, site) ? absl::OkStatus() : SiteForbidden(site.value());
}

absl::StatusOr<Lot> LoadKnownLot(Transaction& tx, const LotName& name, const std::string& etag) {
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLot(tx, name));
  if (!lot) return ResourceNotFound(name.value());
  if (!etag.empty() && etag != EtagOf(lot->revision)) {
    return EtagMismatch(name.value(), etag, EtagOf(lot->revision));
  }
  return *std::move(lot);
}

absl::Status PlaceHold(Step& step, const Lot& lot, const Hold& hold) {
  MESO_RETURN_IF_ERROR(InsertHold(step.tx, lot, hold));
  return WithdrawLot(step, lot, hold,
                     hold.kind == HoldKind::kRecall ? kLotRecalled : kLotQuarantined);
}

absl::Status WithdrawLot(Step& step, const Lot& lot, const Hold& hold, const std::string& reason) {
  MESO_ASSIGN_OR_RETURN(std::vector<Reservation> reservations,
                        ListReservationsOnLot(step.tx, lot.row, hold.site));
  // A hold on one storage unit leaves those alone that keep units of another.
  const auto elsewhere = [&](const Reservation& reservation) {
    return !hold.unit.empty() &&
           std::none_of(reservation.allocations.begin(), reservation.allocations.end(),
                        [&](const Allocation& kept) {
                          return kept.lot_row == lot.row && kept.unit == hold.unit &&
                                 kept.Left() > 0;
                        });
  };
  reservations.erase(std::remove_if(reservations.begin(), reservations.end(), elsewhere),
                     reservations.end());
  MESO_ASSIGN_OR_RETURN(const std::vector<AppointmentName> drawn,
                        ListOpenDrawsOfLot(step.tx, lot.row, hold.site));
  std::vector<ReservationImpact> impacts;
  std::set<AppointmentName> named;
  for (const Reservation& reservation : reservations) {
    if (reservation.IsLapsed(step.now)) continue;
    impacts.push_back({reservation.name, reservation.appointment});
    named.insert(reservation.appointment);
  }
  // An ampoule already drawn and not yet given is as unusable as one on the shelf.
  for (const AppointmentName& appointment : drawn) {
    if (named.count(appointment) == 0) impacts.push_back({ReservationName(), appointment});
  }
  MESO_RETURN_IF_ERROR(AppendLotHeld(step.tx, step.Stamp(), lot, hold, impacts));
  for (const Reservation& reservation : reservations) {
    if (reservation.IsLapsed(step.now)) continue;
    MESO_RETURN_IF_ERROR(Invalidate(step, reservation, reason, {lot.name}));
    if (!reservation.appointment.empty()) {
      step.call.Touch("appointment", reservation.appointment.value());
    }
  }
  for (const AppointmentName& appointment : drawn) {
    step.call.Touch("appointment", appointment.value());
  }
  return absl::OkStatus();
}

absl::Status EndHold(Step& step, const Lot& lot, const Hold& hold, const std::string& note) {
  std::vector<Hold> left = lot.holds;
  left.erase(std::remove_if(left.begin(), left.end(),
                            [&](const Hold& other) { return other.hold_id == hold.hold_id; }),
             left.end());
  MESO_RETURN_IF_ERROR(
      UpdateHoldReleased(step.tx, lot, hold.hold_id, step.call.user().subject, note, step.now));
  MESO_RETURN_IF_ERROR(AppendLotReleased(step.tx, step.Stamp(), lot, hold, left));
  return QueueReallocations(step, hold.site, lot.product);
}

}  // namespace meso::inventory
