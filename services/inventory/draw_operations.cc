// DrawStock: the gate between shelf and patient.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/container_steps.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/draw_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/promise_steps.h"
#include "services/inventory/scan_steps.h"
#include "services/inventory/shelf_steps.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/container_store.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

// One DrawStock call: draws item by item inside the transaction, all or none.
class Drawing {
 public:
  Drawing(Step& step, const DrawRequest& request, int horizon_days)
      : step_(step),
        request_(request),
        horizon_days_(horizon_days),
        site_{SiteName(SiteOf(request.appointment.value()))} {}

  absl::StatusOr<DrawAnswer> Run() {
    MESO_ASSIGN_OR_RETURN(site_, LoadKnownSite(step_.tx, site_.name));
    MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(site_));
    today_ = DateAt(step_.now, zone);
    if (!request_.reservation.empty()) MESO_RETURN_IF_ERROR(OpenReservation());
    if (request_.items.empty()) MESO_RETURN_IF_ERROR(DrawAllReserved());
    for (const DrawItem& item : request_.items) MESO_RETURN_IF_ERROR(DrawOne(item));
    MESO_RETURN_IF_ERROR(CloseReservation());
    MESO_FAILPOINT("inventory.draw.before_commit");
    return AnswerDraws(step_, request_.appointment, std::move(reservation_));
  }

 private:
  absl::Status OpenReservation() {
    const ReservationName& name = request_.reservation;
    MESO_ASSIGN_OR_RETURN(reservation_, LoadReservation(step_.tx, name));
    if (!reservation_ || reservation_->site != site_.name) return ResourceNotFound(name.value());
    MESO_RETURN_IF_ERROR(KeepIfPromised());
    const ReservationState state = reservation_->StateAt(step_.now);
    if (state != ReservationState::kReserved && state != ReservationState::kConfirmed) {
      std::string shown(ToText(state));
      if (!reservation_->invalid_reasons.empty()) {
        absl::StrAppend(&shown, " (", absl::StrJoin(reservation_->invalid_reasons, ", "), ")");
      }
      return StateNotAllowed(name.value(), shown, "RESERVED or CONFIRMED");
    }
    if (!reservation_->appointment.empty() && reservation_->appointment != request_.appointment) {
      return StateNotAllowed(name.value(), "for another appointment", "for this appointment");
    }
    takes_reservation_ = reservation_->appointment.empty();
    reservation_->appointment = request_.appointment;
    return absl::OkStatus();
  }

  // A promise whose date is near has its lots, also when its pending work is late.
  absl::Status KeepIfPromised() {
    MESO_ASSIGN_OR_RETURN(const bool due, IsPromiseDue(step_, *reservation_, horizon_days_));
    if (!due) return absl::OkStatus();
    MESO_RETURN_IF_ERROR(ExpireLapsed(step_, site_.name));
    MESO_ASSIGN_OR_RETURN(const AllocationPlan plan, PlanUndrawn(step_, *reservation_));
    if (!plan.shortfalls.empty())
      return InsufficientStock(site_.name, reservation_->use_date, plan);
    MESO_RETURN_IF_ERROR(KeepPromise(step_, *reservation_));
    MESO_ASSIGN_OR_RETURN(reservation_, LoadReservation(step_.tx, request_.reservation));
    return absl::OkStatus();
  }

  absl::Status DrawAllReserved() {
    for (Allocation& allocation : reservation_->allocations) {
      if (allocation.Left() == 0) continue;
      MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot,
                            LoadLotByRow(step_.tx, allocation.lot_row));
      if (!lot) return absl::DataLossError("an allocation without its lot");
      MESO_RETURN_IF_ERROR(CheckUsable(*lot, allocation.unit));
      MESO_RETURN_IF_ERROR(DrawReserved(*lot, allocation, allocation.Left()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckUsable(const Lot& lot, const std::string& unit) {
    MESO_ASSIGN_OR_RETURN(const std::vector<std::string> reasons,
                          JudgeLot(step_, site_, unit, lot, today_));
    return reasons.empty() ? absl::OkStatus() : LotNotUsable(lot, site_.name, today_, reasons);
  }

  // Takes what is kept of the lot first; the rest comes from free units, which stand in for other
  // lots of the reservation.
  absl::Status DrawOne(const DrawItem& item) {
    if (!item.container.empty()) return DrawVolume(item);
    MESO_ASSIGN_OR_RETURN(const Lot lot, FindLot(step_, item.scan, item.lot));
    int64_t left = item.ampoules;
    if (reservation_) {
      for (Allocation& allocation : reservation_->allocations) {
        if (allocation.lot_row != lot.row || allocation.Left() == 0 || left == 0) continue;
        MESO_RETURN_IF_ERROR(CheckUsable(lot, allocation.unit));
        const int64_t taken = std::min(left, allocation.Left());
        MESO_RETURN_IF_ERROR(DrawReserved(lot, allocation, taken));
        left -= taken;
      }
    }
    return left == 0 ? absl::OkStatus() : DrawFree(lot, left, item.fefo_override);
  }

  // A volume out of an opened container stands for the units the reservation keeps of the product.
  absl::Status DrawVolume(const DrawItem& item) {
    MESO_ASSIGN_OR_RETURN(const OpenedContainer container,
                          LoadDrawable(step_, item.container, request_.appointment));
    ContainerDraw draw;
    draw.appointment = request_.appointment;
    draw.microlitres = item.microlitres;
    draw.draw_time = step_.now;
    draw.reservation = request_.reservation;
    MESO_RETURN_IF_ERROR(TakeOut(step_, container, draw, [container, wanted = item.microlitres] {
      return TooLittleLeft(container, wanted);
    }));
    // One opened out of the reservation's own units is counted already.
    if (!reservation_ || container.reservation == reservation_->name) return absl::OkStatus();
    return StandInByVolume(container);
  }

  absl::Status StandInByVolume(const OpenedContainer& container) {
    MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLotByRow(step_.tx, container.lot_row));
    MESO_ASSIGN_OR_RETURN(const std::optional<Product> product,
                          LoadProduct(step_.tx, container.product));
    if (!lot || !product) return absl::DataLossError("a container without its lot");
    MESO_ASSIGN_OR_RETURN(const auto volumes, ListVolumesOf(step_.tx, request_.appointment));
    int64_t taken = 0;
    int64_t stood = 0;
    for (const auto& [other, volume] : volumes) {
      const bool counts = other.product == container.product &&
                          volume.reservation == reservation_->name &&
                          other.reservation != reservation_->name;
      if (!counts) continue;
      taken += volume.microlitres;
      stood += volume.units;
    }
    const int64_t units = UnitsFor(taken, product->unit_microlitres) - stood;
    if (units <= 0) return absl::OkStatus();
    MESO_RETURN_IF_ERROR(StandIn(*lot, container.unit, units));
    return AddUnitsByVolume(step_.tx, container, request_.appointment, units);
  }

  absl::Status DrawReserved(const Lot& lot, Allocation& allocation, int64_t ampoules) {
    MESO_RETURN_IF_ERROR(Move(lot, allocation.unit, ampoules, ampoules));
    MESO_RETURN_IF_ERROR(UpdateAllocationDrawn(step_.tx, reservation_->row, allocation, ampoules));
    allocation.drawn += ampoules;
    return absl::OkStatus();
  }

  absl::Status DrawFree(const Lot& lot, int64_t ampoules, FefoOverride fefo_override) {
    const Taking taking{
        site_.name, "", ampoules, today_, fefo_override, reservation_ ? &*reservation_ : nullptr};
    MESO_ASSIGN_OR_RETURN(const std::vector<ShelfShare> shares, ChooseShelves(step_, lot, taking));
    for (const ShelfShare& share : shares) {
      if (reservation_) MESO_RETURN_IF_ERROR(StandIn(lot, share.unit, share.ampoules));
      MESO_RETURN_IF_ERROR(Move(lot, share.unit, share.ampoules, 0));
    }
    return absl::OkStatus();
  }

  // Free units of `lot` take the place of units the reservation keeps of other lots of the product.
  absl::Status StandIn(const Lot& lot, const std::string& unit, int64_t ampoules) {
    int64_t left = ampoules;
    std::vector<Allocation>& kept = reservation_->allocations;
    for (auto it = kept.rbegin(); it != kept.rend() && left > 0; ++it) {
      if (it->product != lot.product || it->Left() == 0) continue;
      const int64_t given = std::min(left, it->Left());
      MESO_RETURN_IF_ERROR(FreeUnits(step_.tx, it->lot_row, site_.name, it->unit, given));
      MESO_RETURN_IF_ERROR(RemoveAllocation(step_.tx, reservation_->row, *it, given));
      it->ampoules -= given;
      left -= given;
    }
    if (left > 0) return NotInRecipe(lot.product, reservation_->name.value());
    Allocation allocation;
    allocation.lot_row = lot.row;
    allocation.unit = unit;
    allocation.ampoules = ampoules;
    allocation.drawn = ampoules;
    MESO_RETURN_IF_ERROR(AddAllocation(step_.tx, reservation_->row, allocation));
    stands_in_ = true;
    return QueueReallocations(step_, site_.name, lot.product);
  }

  absl::Status Move(const Lot& lot, const std::string& unit, int64_t ampoules,
                    int64_t from_reserved) {
    Movement movement;
    movement.kind = MovementKind::kDraw;
    movement.site = site_.name;
    movement.unit = unit;
    movement.ampoules = ampoules;
    movement.record_time = step_.now;
    movement.actor = step_.call.user().subject;
    movement.appointment = request_.appointment;
    movement.reservation = request_.reservation;
    MESO_RETURN_IF_ERROR(AppendMovement(
        step_.tx, lot, movement, from_reserved,
        [lot, site = site_.name, ampoules] { return NotEnoughOfLot(lot, site, ampoules, 0); }));
    step_.call.Touch("lot", lot.name.value());
    return AddDraw(step_.tx, request_.appointment, lot.row, site_.name, unit, ampoules);
  }

  absl::Status CloseReservation() {
    if (!reservation_) return absl::OkStatus();
    if (reservation_->IsFullyDrawn()) reservation_->state = ReservationState::kDrawn;
    MESO_RETURN_IF_ERROR(takes_reservation_ ? UpdateReservation(step_.tx, *reservation_)
                                            : UpdateReservationState(step_.tx, *reservation_));
    ++reservation_->revision;
    if (!stands_in_) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(reservation_, LoadReservation(step_.tx, request_.reservation));
    return absl::OkStatus();
  }

  Step& step_;
  const DrawRequest& request_;
  const int horizon_days_;
  Site site_;  // the appointment's; only its name until Run has loaded it
  absl::CivilDay today_;
  std::optional<Reservation> reservation_;
  bool takes_reservation_ = false;  // it was for no appointment yet
  bool stands_in_ = false;          // its allocations are others now than those loaded
};

}  // namespace

absl::StatusOr<DrawAnswer> InventoryOperations::DrawStock(Transaction& tx, const CallContext& call,
                                                          const DrawRequest& request) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  return Drawing(step, request, allocation_horizon_days_).Run();
}

}  // namespace meso::inventory
