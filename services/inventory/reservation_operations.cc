// The use cases of reservations, and what scheduling's events do to them.
#include <algorithm>

#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/paged.h"
#include "services/inventory/promise_steps.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

absl::StatusOr<AsOf<Reservation>> Answer(Transaction& tx, Reservation reservation) {
  AsOf<Reservation> answer;
  answer.value = std::move(reservation);
  MESO_ASSIGN_OR_RETURN(answer.as_of, HeadPosition(tx));
  return answer;
}

// The reservation as stored, shown with the state it has now.
absl::StatusOr<Reservation> Reload(Step& step, const ReservationName& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<Reservation> reservation, LoadReservation(step.tx, name));
  if (!reservation) return ResourceNotFound(name.value());
  return *std::move(reservation);
}

// The date the ampoules will be used, within what can be kept or promised for.
absl::StatusOr<absl::CivilDay> DecideUseDate(const ReserveRequest& request,
                                             const absl::TimeZone& zone, absl::CivilDay today) {
  const absl::CivilDay use_date = DateAt(request.use_time, zone);
  if (use_date < today) {
    FieldErrors errors;
    errors.Invalid("use_time", "its day is over at the site");
    return errors.ToStatus();
  }
  const absl::CivilDay last = today + kPromiseDaysMax;
  if (use_date > last) return BeyondHorizon(request.site, use_date, last);
  return use_date;
}

absl::StatusOr<AllocationPlan> PlanReservation(Step& step, const Reservation& reservation,
                                               const std::vector<Need>& needs, int horizon_days) {
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, reservation.site));
  MESO_ASSIGN_OR_RETURN(const bool all_kept, KeepDuePromises(step, reservation.site, horizon_days));
  // What others are to get first may be any lot's.
  MESO_ASSIGN_OR_RETURN(std::vector<Candidate> candidates,
                        all_kept
                            ? LoadFirstUsable(step, reservation.site, needs, reservation.use_date)
                            : LoadUsable(step, reservation.site, needs, reservation.use_date));
  if (!all_kept) {
    MESO_RETURN_IF_ERROR(SetAsideForDue(step, reservation.site, horizon_days, candidates));
  }
  AllocationPlan plan = DecideAllocation(needs, std::move(candidates));
  if (!plan.shortfalls.empty()) {
    return InsufficientStock(reservation.site, reservation.use_date, plan);
  }
  return plan;
}

// Gives everything back and marks it RELEASED.
absl::Status Release(Step& step, Reservation reservation) {
  MESO_RETURN_IF_ERROR(FreeUndrawn(step, reservation));
  MESO_RETURN_IF_ERROR(DropPromiseWork(step, reservation.name));
  reservation.state = ReservationState::kReleased;
  MESO_RETURN_IF_ERROR(UpdateReservation(step.tx, reservation));
  return QueueForFreed(step, reservation.site, UndrawnProducts(reservation));
}

// An id nobody reserved yet is taken all the same: the ReserveStock that may still be on its way
// must fail.
absl::Status InsertReleased(Step& step, const ReservationName& name, const SiteName& site) {
  Reservation reservation;
  reservation.name = name;
  reservation.site = site;
  reservation.state = ReservationState::kReleased;
  reservation.use_time = step.now;
  reservation.use_date = DateAt(step.now, absl::UTCTimeZone());
  reservation.expire_time = step.now;
  reservation.create_time = step.now;
  return InsertReservation(step.tx, reservation).status();
}

// A booking whose reservation is not here: keeps its place, so that the next steps find lots for
// it.
absl::Status InsertForBooking(Step& step, const BookingFact& fact) {
  Reservation reservation;
  reservation.name = fact.reservation;
  reservation.site = fact.site;
  reservation.cocktail = fact.cocktail;
  reservation.state = ReservationState::kPromised;
  reservation.use_time = fact.end_time;
  reservation.use_date = fact.use_date;
  reservation.expire_time = fact.end_time + kLifeAfterUse;
  reservation.create_time = step.now;
  return InsertReservation(step.tx, reservation).status();
}

// The first reason why a lot it keeps may not be used on its day; empty = all may.
absl::StatusOr<std::string> FindUnusable(Step& step, const Reservation& reservation,
                                         std::vector<LotName>& lots) {
  std::string first;
  for (const Allocation& allocation : reservation.allocations) {
    if (allocation.Left() == 0) continue;
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLotByRow(step.tx, allocation.lot_row));
    if (!lot) return absl::DataLossError("an allocation without its lot");
    MESO_ASSIGN_OR_RETURN(
        const std::vector<std::string> reasons,
        JudgeLot(step, reservation.site, allocation.unit, *lot, reservation.use_date));
    if (reasons.empty()) continue;
    if (first.empty()) first = reasons.front();
    lots.push_back(allocation.lot);
  }
  return first;
}

// A reservation given back or lapsed before keeps nothing, and nothing must be counted as kept.
absl::Status ForgetAllocations(Step& step, Reservation& reservation) {
  for (const Allocation& allocation : reservation.allocations) {
    if (allocation.Left() == 0) continue;
    MESO_RETURN_IF_ERROR(RemoveAllocation(step.tx, reservation.row, allocation, allocation.Left()));
  }
  reservation.allocations.clear();
  return absl::OkStatus();
}

// Looks for other lots; what can't be had now is told and left to pending work.
absl::Status ReallocateOrInvalidate(Step& step, const Reservation& reservation,
                                    const std::string& reason, const std::vector<LotName>& lots) {
  MESO_ASSIGN_OR_RETURN(const bool found, Reallocate(step, reservation));
  if (found) return absl::OkStatus();
  Reservation lost = reservation;
  if (!lost.KeepsUnits()) MESO_RETURN_IF_ERROR(ForgetAllocations(step, lost));
  return Invalidate(step, std::move(lost), reason, lots);
}

// A booked session beyond the horizon: it counts on its recipe until lots can be kept.
absl::Status ConfirmPromise(Step& step, Reservation reservation, int horizon_days) {
  MESO_RETURN_IF_ERROR(ForgetAllocations(step, reservation));
  reservation.state = ReservationState::kPromised;
  reservation.invalid_reasons.clear();
  MESO_RETURN_IF_ERROR(UpdateReservation(step.tx, reservation));
  MESO_RETURN_IF_ERROR(QueuePromise(step, reservation, horizon_days));
  return AppendReservationConfirmed(step.tx, step.Stamp(), reservation);
}

absl::Status ConfirmStored(Step& step, Reservation reservation, const BookingFact& fact,
                           int horizon_days) {
  reservation.appointment = fact.appointment;
  reservation.use_time = fact.end_time;
  reservation.use_date = fact.use_date;
  reservation.confirmed = true;
  reservation.expire_time = ExpireTimeOf(reservation, step.now);
  if (reservation.state == ReservationState::kReserved ||
      reservation.state == ReservationState::kDrawn) {
    std::vector<LotName> lots;
    MESO_ASSIGN_OR_RETURN(const std::string reason, FindUnusable(step, reservation, lots));
    if (!reason.empty()) return ReallocateOrInvalidate(step, reservation, reason, lots);
    if (reservation.state == ReservationState::kReserved) {
      reservation.state = ReservationState::kConfirmed;
    }
    MESO_RETURN_IF_ERROR(UpdateReservation(step.tx, reservation));
    return AppendReservationConfirmed(step.tx, step.Stamp(), reservation);
  }
  if (reservation.cocktail.empty()) reservation.cocktail = fact.cocktail;
  if (!reservation.KeepsUnits()) {
    MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(step.tx, reservation.site));
    if (IsBeyondHorizon(reservation.use_date, DateAt(step.now, zone), horizon_days)) {
      return ConfirmPromise(step, std::move(reservation), horizon_days);
    }
    MESO_RETURN_IF_ERROR(DropPromiseWork(step, reservation.name));
  }
  const std::string reason = reservation.invalid_reasons.empty()
                                 ? kInsufficientStock
                                 : reservation.invalid_reasons.front();
  return ReallocateOrInvalidate(step, reservation, reason, {});
}

}  // namespace

absl::StatusOr<AsOf<Reservation>> InventoryOperations::ReserveStock(
    Transaction& tx, const CallContext& call, const ReserveRequest& request) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(tx, request.site));
  Reservation reservation;
  reservation.name = request.name;
  reservation.site = request.site;
  reservation.cocktail = request.cocktail;
  reservation.appointment = request.appointment;
  reservation.use_time = request.use_time;
  const absl::CivilDay today = DateAt(step.now, zone);
  MESO_ASSIGN_OR_RETURN(reservation.use_date, DecideUseDate(request, zone, today));
  const bool promise = IsBeyondHorizon(reservation.use_date, today, allocation_horizon_days_);
  reservation.state = promise ? ReservationState::kPromised : ReservationState::kReserved;
  reservation.create_time = step.now;
  reservation.expire_time = ExpireTimeOf(reservation, step.now);
  reservation.revision = 1;

  MESO_ASSIGN_OR_RETURN(const std::optional<Reservation> earlier,
                        LoadReservation(tx, request.name));
  if (earlier) {
    return StateNotAllowed(request.name.value(), ToText(earlier->StateAt(step.now)), "unused");
  }
  MESO_ASSIGN_OR_RETURN(const std::vector<Need> needs, LoadRecipe(tx, reservation.cocktail));
  MESO_RETURN_IF_ERROR(CheckAuthorised(step, reservation.site, needs));
  AllocationPlan plan;
  if (promise) {
    reservation.promised = needs;
  } else {
    MESO_ASSIGN_OR_RETURN(plan,
                          PlanReservation(step, reservation, needs, allocation_horizon_days_));
  }
  if (!request.validate_only) {
    MESO_ASSIGN_OR_RETURN(reservation.row, InsertReservation(tx, reservation));
    MESO_RETURN_IF_ERROR(KeepPlanned(step, reservation, plan));
    if (promise) {
      MESO_RETURN_IF_ERROR(QueuePromise(step, reservation, allocation_horizon_days_));
    }
    MESO_FAILPOINT("inventory.reserve.before_commit");
  }
  reservation.allocations = std::move(plan.allocations);
  reservation.skipped = std::move(plan.skipped);
  return Answer(tx, std::move(reservation));
}

absl::StatusOr<AsOf<Reservation>> InventoryOperations::ReleaseReservation(
    Transaction& tx, const CallContext& call, const ReleaseReservationRequest& request) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(const std::optional<Reservation> stored, LoadReservation(tx, request.name));
  if (!stored) {
    MESO_RETURN_IF_ERROR(InsertReleased(step, request.name, request.site));
  } else if (stored->site != request.site) {
    return ResourceNotFound(request.name.value());
  } else if (stored->state == ReservationState::kDrawn) {
    return StateNotAllowed(request.name.value(), ToText(stored->state), "RESERVED or INVALIDATED");
  } else if (stored->StateAt(step.now) == ReservationState::kConfirmed ||
             (stored->StateAt(step.now) == ReservationState::kPromised && stored->confirmed)) {
    // Its booking relies on it: without a cancellation nobody would hear that the stock is gone.
    return StateNotAllowed(request.name.value(), ToText(stored->state),
                           "not confirmed: cancel the appointment");
  } else if (stored->IsLive()) {
    MESO_RETURN_IF_ERROR(Release(step, *stored));
  }
  MESO_ASSIGN_OR_RETURN(Reservation reservation, Reload(step, request.name));
  return Answer(tx, std::move(reservation));
}

absl::StatusOr<AsOf<Reservation>> InventoryOperations::GetReservation(
    Transaction& tx, const CallContext& call, const ReservationName& name) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(Reservation reservation, Reload(step, name));
  if (!MaySee(call, reservation.site)) return ResourceNotFound(name.value());
  reservation.state = reservation.StateAt(step.now);
  return Answer(tx, std::move(reservation));
}

absl::StatusOr<Page<Reservation>> InventoryOperations::ListReservations(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  const absl::Time now = clock_.Now();
  MESO_ASSIGN_OR_RETURN(std::vector<Reservation> reservations,
                        meso::inventory::ListReservations(tx, query.site, now, query.page));
  MESO_ASSIGN_OR_RETURN(
      Page<Reservation> page,
      MakePage(
          tx, std::move(reservations), query.page.size,
          [](const Reservation& reservation) { return reservation.name.value(); },
          [&](const Reservation& reservation) { return MaySee(call, reservation.site); }));
  for (Reservation& reservation : page.items) reservation.state = reservation.StateAt(now);
  return page;
}

absl::Status InventoryOperations::ConfirmReservation(Transaction& tx, const CallContext& call,
                                                     const BookingFact& fact) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(std::optional<Reservation> stored, LoadReservation(tx, fact.reservation));
  if (!stored) {
    MESO_RETURN_IF_ERROR(InsertForBooking(step, fact));
    MESO_ASSIGN_OR_RETURN(stored, LoadReservation(tx, fact.reservation));
  }
  // Told before: the effect is there.
  if (stored->confirmed && stored->appointment == fact.appointment) return absl::OkStatus();
  MESO_RETURN_IF_ERROR(ConfirmStored(step, *stored, fact, allocation_horizon_days_));
  MESO_FAILPOINT("inventory.confirm.before_commit");
  MESO_ASSIGN_OR_RETURN(const Reservation after, Reload(step, fact.reservation));
  return RecordOwnWork(step, after, std::string(ToText(after.state)));
}

absl::Status InventoryOperations::ReleaseCancelled(Transaction& tx, const CallContext& call,
                                                   const BookingFact& fact) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(const std::optional<Reservation> stored,
                        LoadReservation(tx, fact.reservation));
  if (!stored) {
    MESO_RETURN_IF_ERROR(InsertReleased(step, fact.reservation, fact.site));
  } else if (stored->IsLive()) {
    MESO_RETURN_IF_ERROR(Release(step, *stored));
  } else {
    return absl::OkStatus();
  }
  MESO_ASSIGN_OR_RETURN(const Reservation after, Reload(step, fact.reservation));
  return RecordOwnWork(step, after, std::string(ToText(after.state)));
}

absl::StatusOr<bool> InventoryOperations::ReallocateReservation(Transaction& tx,
                                                                const CallContext& call,
                                                                const ReservationName& name) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(const std::optional<Reservation> stored, LoadReservation(tx, name));
  // Healed, released or lapsed meanwhile: nothing is left to find.
  if (!stored || stored->StateAt(step.now) != ReservationState::kInvalidated) return true;
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, stored->site));
  MESO_ASSIGN_OR_RETURN(const bool found, Reallocate(step, *stored));
  if (!found) return false;
  MESO_ASSIGN_OR_RETURN(const Reservation after, Reload(step, name));
  MESO_RETURN_IF_ERROR(RecordOwnWork(step, after, std::string(ToText(after.state))));
  return true;
}

absl::Status InventoryOperations::AllocatePromised(Transaction& tx, const CallContext& call,
                                                   const ReservationName& name) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(const std::optional<Reservation> stored, LoadReservation(tx, name));
  if (!stored || stored->StateAt(step.now) != ReservationState::kPromised) {
    return DropPromiseWork(step, name);
  }
  MESO_ASSIGN_OR_RETURN(const bool due, IsPromiseDue(step, *stored, allocation_horizon_days_));
  // The process keeps lots for fewer days than the one that left the work.
  if (!due) return QueuePromise(step, *stored, allocation_horizon_days_);
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, stored->site));
  MESO_RETURN_IF_ERROR(KeepPromise(step, *stored));
  MESO_ASSIGN_OR_RETURN(const Reservation after, Reload(step, name));
  MESO_FAILPOINT("inventory.allocate_promised.before_commit");
  return RecordOwnWork(step, after, std::string(ToText(after.state)));
}

}  // namespace meso::inventory
