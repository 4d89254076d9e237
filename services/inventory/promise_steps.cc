#include "services/inventory/promise_steps.h"

#include <optional>
#include <string>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/pending_work_table.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/store/planning_store.h"
#include "services/inventory/store/reservation_store.h"

namespace meso::inventory {
namespace {

// A call keeps at most this many promises of others: the writer is shared.
constexpr size_t kPromisesPerCall = 16;

}  // namespace

absl::Status CheckAuthorised(Step& step, const SiteName& site, const std::vector<Need>& needs) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Site> place, LoadSite(step.tx, site));
  if (!place) return ResourceNotFound(site.value());
  std::vector<ProductName> forbidden;
  for (const Need& need : needs) {
    MESO_ASSIGN_OR_RETURN(const std::optional<Product> product, LoadProduct(step.tx, need.product));
    if (!product) return ResourceNotFound(need.product.value());
    if (!IsAuthorised(*product, place->jurisdiction)) forbidden.push_back(need.product);
  }
  return forbidden.empty() ? absl::OkStatus() : NotAuthorised(site, place->jurisdiction, forbidden);
}

absl::Status QueuePromise(Step& step, const Reservation& reservation, int horizon_days) {
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, reservation.site));
  MESO_RETURN_IF_ERROR(DropPromiseWork(step, reservation.name));
  PendingWork work;
  work.id = step.ids.NewId();
  work.kind = kPromiseWork;
  work.subject = reservation.name.value();
  work.caller = EncodeCaller(OwnWorkOf(step.call, kPromiseWork));
  work.due = HorizonReachTime(reservation.use_date, horizon_days, zone);
  return InsertPendingWork(step.tx, work);
}

absl::Status DropPromiseWork(Step& step, const ReservationName& name) {
  MESO_ASSIGN_OR_RETURN(const std::vector<PendingWork> rows,
                        ListPendingWorkBySubject(step.tx, kPromiseWork, name.value()));
  for (const PendingWork& row : rows) MESO_RETURN_IF_ERROR(DeletePendingWork(step.tx, row.id));
  return absl::OkStatus();
}

absl::StatusOr<bool> IsPromiseDue(Step& step, const Reservation& reservation, int horizon_days) {
  if (reservation.StateAt(step.now) != ReservationState::kPromised) return false;
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, reservation.site));
  return !IsBeyondHorizon(reservation.use_date, DateAt(step.now, zone), horizon_days);
}

absl::Status KeepPromise(Step& step, const Reservation& reservation) {
  MESO_RETURN_IF_ERROR(DropPromiseWork(step, reservation.name));
  MESO_ASSIGN_OR_RETURN(const bool found, Reallocate(step, reservation));
  return found ? absl::OkStatus() : Invalidate(step, reservation, kInsufficientStock, {});
}

absl::StatusOr<bool> KeepDuePromises(Step& step, const SiteName& site, int horizon_days) {
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, site));
  const absl::CivilDay until = DateAt(step.now, zone) + horizon_days;
  MESO_ASSIGN_OR_RETURN(std::vector<Reservation> promised,
                        ListPromisedUntil(step.tx, site, until, kPromisesPerCall + 1));
  const bool all = promised.size() <= kPromisesPerCall;
  if (!all) promised.pop_back();
  for (const Reservation& reservation : promised) {
    if (reservation.IsLapsed(step.now)) continue;
    MESO_RETURN_IF_ERROR(KeepPromise(step, reservation));
    step.call.Touch("reservation", reservation.name.value());
    if (!reservation.appointment.empty()) {
      step.call.Touch("appointment", reservation.appointment.value());
    }
  }
  return all;
}

absl::Status SetAsideForDue(Step& step, const SiteName& site, int horizon_days,
                            std::vector<Candidate>& candidates) {
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, site));
  const absl::CivilDay until = DateAt(step.now, zone) + horizon_days;
  MESO_ASSIGN_OR_RETURN(const std::vector<UnkeptNeed> needs,
                        ListPromisedNeeds(step.tx, site, step.now, /*booked_only=*/false));
  for (const UnkeptNeed& need : needs) {  // of each product, the soonest first
    if (need.use_date > until) continue;
    MESO_ASSIGN_OR_RETURN(const std::optional<Product> product, LoadProduct(step.tx, need.product));
    if (!product) return ResourceNotFound(need.product.value());
    MESO_ASSIGN_OR_RETURN(const Use use, UseAt(step.tx, site, *product, need.use_date));
    SetAside({need.product, need.ampoules}, use, candidates);
  }
  return absl::OkStatus();
}

}  // namespace meso::inventory
