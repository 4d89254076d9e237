// ReverseMovement: a line booked in error is taken back by its mirror.
//
// The error catalogue's promise is that nothing breaks on the way: no shelf is overdrawn, no
// reservation loses units, and nothing that was recorded as given is undone.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/shelf_steps.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/container_store.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

absl::Status BooksDisagree() {
  return absl::InternalError("the ledger does not have the units that were just counted");
}

// One ReverseMovement call.
class Reversing {
 public:
  Reversing(Step& step, const ReversalRequest& request)
      : step_(step), request_(request), name_(MovementNameOf(request.site, request.index)) {}

  absl::StatusOr<Movement> Run() {
    MESO_RETURN_IF_ERROR(LoadLine());
    // What lapsed gives way before a live booking is in the way.
    MESO_RETURN_IF_ERROR(ExpireLapsed(step_, line_.site));
    if (line_.kind == MovementKind::kDraw) {
      MESO_RETURN_IF_ERROR(PutBack());
    } else if (AccountsOf(line_).second == Account::kStock) {
      MESO_RETURN_IF_ERROR(TakeOffShelf());
    } else {
      MESO_RETURN_IF_ERROR(AppendMirror(0, BooksDisagree));
      MESO_RETURN_IF_ERROR(HoldWhatIsBack());
      MESO_RETURN_IF_ERROR(QueueReallocations(step_, line_.site, lot_.product));
    }
    MESO_FAILPOINT("inventory.reverse.before_commit");
    return LoadAnswer();
  }

 private:
  absl::Status LoadLine() {
    MESO_ASSIGN_OR_RETURN(std::optional<Movement> line, LoadMovement(step_.tx, request_.index));
    if (!line || line->site != request_.site) return ResourceNotFound(name_);
    line_ = *std::move(line);
    const std::optional<std::string> why_not = WhyNotReversible(line_);
    if (why_not)
      return StateNotAllowed(
          name_, *why_not,
          "a standing RECEIPT, DRAW, ADJUST, RETURN_TO_SUPPLIER or WASTE off the shelf");
    MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLotByRow(step_.tx, line_.lot_row));
    if (!lot) return absl::DataLossError("a movement without its lot");
    lot_ = *std::move(lot);
    return absl::OkStatus();
  }

  // A receipt or an adjustment: only units that are there and nobody keeps can leave again.
  absl::Status TakeOffShelf() {
    MESO_ASSIGN_OR_RETURN(const Balance shelf,
                          LoadBalance(step_.tx, lot_.row, line_.site, line_.unit));
    if (shelf.on_hand - shelf.reserved < line_.ampoules) {
      MESO_ASSIGN_OR_RETURN(const std::vector<ReservationName> keepers,
                            ListKeepers(step_.tx, lot_, line_.site, line_.unit));
      return ReversalLacksUnits(name_, lot_, line_.ampoules, shelf, keepers);
    }
    return AppendMirror(0, BooksDisagree);
  }

  // An excursion found the shelf empty and placed no hold there. What was booked as drawn, thrown
  // away or sent back never left its shelf; what was booked as lost may besides have been anywhere.
  absl::Status HoldWhatIsBack() {
    MESO_RETURN_IF_ERROR(FollowUnitsSince(step_, lot_, line_));
    return AccountsOf(line_).second == Account::kAdjustment
               ? FollowFoundUnits(step_, lot_, line_.site, line_.unit)
               : absl::OkStatus();
  }

  // Drawn units come back to the shelf, and to the reservation they were kept for.
  absl::Status PutBack() {
    MESO_RETURN_IF_ERROR(RemoveDraw(step_.tx, line_.appointment, lot_.row, line_.unit,
                                    line_.ampoules, [name = name_] {
                                      return StateNotAllowed(name, "recorded as given or wasted",
                                                             "drawn and not accounted for");
                                    }));
    std::optional<Reservation> reservation;
    if (!line_.reservation.empty()) {
      MESO_ASSIGN_OR_RETURN(reservation, LoadReservation(step_.tx, line_.reservation));
      if (!reservation) return absl::DataLossError("a movement of a reservation that is gone");
      MESO_ASSIGN_OR_RETURN(const int64_t by_volume,
                            CountUnitsByVolume(step_.tx, reservation->name, lot_.row, line_.unit));
      if (!CountsAsDrawn(*reservation, by_volume)) {
        return StateNotAllowed(name_, "put back with ReturnDrawnStock",
                               "drawn for its reservation");
      }
    }
    const bool keep = reservation &&
                      (reservation->KeepsUnits() || reservation->state == ReservationState::kDrawn);
    MESO_RETURN_IF_ERROR(AppendMirror(keep ? line_.ampoules : 0, BooksDisagree));
    if (reservation) {
      MESO_RETURN_IF_ERROR(UpdateAllocationReturned(step_.tx, reservation->row, lot_.row,
                                                    line_.unit, line_.ampoules, keep));
    }
    // Kept first, so that a hold placed now takes the units from the reservation like any other.
    if (keep) MESO_RETURN_IF_ERROR(KeepAgain(*std::move(reservation)));
    MESO_RETURN_IF_ERROR(HoldWhatIsBack());
    return keep ? absl::OkStatus() : QueueReallocations(step_, line_.site, lot_.product);
  }

  // False when units were put back since, and the reservation has forgotten them.
  bool CountsAsDrawn(const Reservation& reservation, int64_t by_volume) const {
    return std::any_of(reservation.allocations.begin(), reservation.allocations.end(),
                       [&](const Allocation& allocation) {
                         return allocation.lot_row == lot_.row && allocation.unit == line_.unit &&
                                allocation.drawn - by_volume >= line_.ampoules;
                       });
  }

  // The reservation is as it was before the draw, unless its lot may not be used any more.
  absl::Status KeepAgain(Reservation reservation) {
    if (reservation.state == ReservationState::kDrawn) {
      reservation.state =
          reservation.confirmed ? ReservationState::kConfirmed : ReservationState::kReserved;
    }
    if (!reservation.IsLapsed(step_.now)) {
      MESO_ASSIGN_OR_RETURN(const Site site, LoadKnownSite(step_.tx, line_.site));
      MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(site));
      const absl::CivilDay date = std::max(reservation.use_date, DateAt(step_.now, zone));
      MESO_ASSIGN_OR_RETURN(const std::vector<std::string> reasons,
                            JudgeLot(step_, site, line_.unit, lot_, date));
      if (!reasons.empty()) {
        return Invalidate(step_, std::move(reservation), reasons.front(), {lot_.name});
      }
    }
    return UpdateReservation(step_.tx, reservation);
  }

  absl::Status AppendMirror(int64_t kept_again, Refusal otherwise) {
    Movement mirror = line_;
    mirror.kind = MovementKind::kReverse;
    mirror.record_time = step_.now;
    mirror.actor = step_.call.user().subject;
    mirror.occurred_time = absl::InfinitePast();
    mirror.document = request_.note;
    mirror.reverses = line_.index;
    mirror.reversed_kind = line_.kind;
    mirror.reversal_reason = request_.reason;
    return AppendMovement(step_.tx, lot_, mirror, kept_again, std::move(otherwise));
  }

  absl::StatusOr<Movement> LoadAnswer() {
    MESO_ASSIGN_OR_RETURN(const std::optional<Movement> taken_back,
                          LoadMovement(step_.tx, request_.index));
    if (!taken_back || taken_back->reversed_by == 0) return BooksDisagree();
    MESO_ASSIGN_OR_RETURN(std::optional<Movement> mirror,
                          LoadMovement(step_.tx, taken_back->reversed_by));
    if (!mirror) return BooksDisagree();
    step_.call.audit.facts["reverses"] = name_;
    step_.call.audit.facts["reason"] = absl::StrCat(static_cast<int>(request_.reason));
    step_.call.audit.facts["ampoules"] = absl::StrCat(line_.ampoules);
    step_.call.Touch("lot", lot_.name.value());
    return *std::move(mirror);
  }

  Step& step_;
  const ReversalRequest& request_;
  const std::string name_;
  Movement line_;
  Lot lot_;
};

}  // namespace

absl::StatusOr<Movement> InventoryOperations::ReverseMovement(
    Transaction& tx, const CallContext& call, const ReversalRequest& request) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  return Reversing(step, request).Run();
}

}  // namespace meso::inventory
