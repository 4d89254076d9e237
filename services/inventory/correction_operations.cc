#include "services/inventory/correction_operations.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/draw_steps.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/shelf_steps.h"
#include "services/inventory/store/administration_store.h"
#include "services/inventory/store/container_store.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

absl::Status BooksDisagree() {
  return absl::InternalError("the ledger does not have the units that were just counted");
}

void Describe(const Step& step, absl::string_view reason, int64_t ampoules) {
  step.call.audit.facts["reason"] = std::string(reason);
  step.call.audit.facts["ampoules"] = absl::StrCat(ampoules);
}

// How much of `ampoules` each draw of the lot gives, in their order. Errors: INSUFFICIENT_STOCK.
absl::StatusOr<std::vector<std::pair<DrawRow, int64_t>>> ShareAmongDraws(
    Step& step, const Lot& lot, const AppointmentName& appointment, int64_t ampoules) {
  MESO_ASSIGN_OR_RETURN(const std::vector<DrawRow> draws, ListDraws(step.tx, appointment));
  std::vector<std::pair<DrawRow, int64_t>> shares;
  int64_t open = 0;
  for (const DrawRow& row : draws) {
    if (row.drawn.lot_row != lot.row) continue;
    const int64_t here = row.drawn.ampoules - row.drawn.accounted;
    const int64_t taken = std::min(here, ampoules - open);
    if (taken > 0) shares.emplace_back(row, taken);
    open += here;
    if (open >= ampoules) return shares;
  }
  return NotDrawnThatMany(lot, appointment, ampoules, open);
}

absl::Status WasteDrawn(Step& step, const Lot& lot, const WasteRequest& request, Movement line) {
  MESO_ASSIGN_OR_RETURN(const auto shares,
                        ShareAmongDraws(step, lot, request.appointment, request.ampoules));
  for (const auto& [draw, ampoules] : shares) {
    line.unit = draw.unit;
    line.ampoules = ampoules;
    line.appointment = request.appointment;
    MESO_RETURN_IF_ERROR(CheckBackdating(step, lot, line));
    MESO_RETURN_IF_ERROR(AppendMovement(step.tx, lot, line, 0, BooksDisagree));
    MESO_RETURN_IF_ERROR(
        UpdateDrawAccounted(step.tx, request.appointment, lot.row, draw.unit, ampoules));
  }
  return absl::OkStatus();
}

// The reservations of the appointment that count more units of the shelf as drawn than it has drawn
// lose them: what was put back is nobody's.
absl::Status ForgetReturned(Step& step, const Lot& lot, const DrawRow& draw,
                            const AppointmentName& appointment, int64_t left) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Reservation> reservations,
                        ListReservationsOfAppointment(step.tx, appointment));
  // What was opened for it, or stood for by a volume, is drawn and can't be put back.
  std::map<ReservationName, int64_t> whole;
  int64_t counted = 0;
  for (const Reservation& reservation : reservations) {
    for (const Allocation& allocation : reservation.allocations) {
      if (allocation.lot_row != lot.row || allocation.unit != draw.unit) continue;
      MESO_ASSIGN_OR_RETURN(const int64_t by_volume,
                            CountUnitsByVolume(step.tx, reservation.name, lot.row, draw.unit));
      whole[reservation.name] = allocation.drawn - by_volume;
      counted += allocation.drawn - by_volume;
    }
  }
  for (const Reservation& reservation : reservations) {
    for (const Allocation& allocation : reservation.allocations) {
      if (allocation.lot_row != lot.row || allocation.unit != draw.unit) continue;
      const int64_t lost = std::min(whole[reservation.name], counted - left);
      if (lost <= 0) continue;
      MESO_RETURN_IF_ERROR(UpdateAllocationReturned(step.tx, reservation.row, lot.row, draw.unit,
                                                    lost, /*keep=*/false));
      step.call.Touch("reservation", reservation.name.value());
      counted -= lost;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Movement> CorrectionOperations::WasteStock(Transaction& tx, const CallContext& call,
                                                          const WasteRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_RETURN_IF_ERROR(LoadZone(tx, request.site).status());
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, ""));
  Movement line = LineOf(step, MovementKind::kWaste, request.site, request.unit, request.ampoules);
  line.reason = std::string(ToText(request.reason));
  line.document = request.note;
  line.occurred_time = request.occurred_time;
  if (!request.appointment.empty()) {
    MESO_RETURN_IF_ERROR(WasteDrawn(step, lot, request, line));
  } else {
    line.from = Account::kStock;
    MESO_RETURN_IF_ERROR(CheckBackdating(step, lot, line));
    MESO_RETURN_IF_ERROR(TakeOffShelf(step, lot, line));
  }
  Describe(step, line.reason, request.ampoules);
  return LoadLastMovement(tx, lot);
}

absl::StatusOr<DrawAnswer> CorrectionOperations::ReturnDrawnStock(
    Transaction& tx, const CallContext& call, const ReturnDrawnRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  const SiteName site(SiteOf(request.appointment.value()));
  MESO_RETURN_IF_ERROR(LoadZone(tx, site).status());
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, ""));
  MESO_ASSIGN_OR_RETURN(const auto shares,
                        ShareAmongDraws(step, lot, request.appointment, request.ampoules));
  for (const auto& [draw, ampoules] : shares) {
    Movement line = LineOf(step, MovementKind::kReturnDrawn, site, draw.unit, ampoules);
    line.appointment = request.appointment;
    line.reason = std::string(ToText(request.reason));
    MESO_RETURN_IF_ERROR(AppendMovement(tx, lot, line, 0, BooksDisagree));
    MESO_RETURN_IF_ERROR(
        RemoveDraw(tx, request.appointment, lot.row, draw.unit, ampoules, BooksDisagree));
    MESO_RETURN_IF_ERROR(
        ForgetReturned(step, lot, draw, request.appointment, draw.drawn.ampoules - ampoules));
  }
  MESO_RETURN_IF_ERROR(QueueReallocations(step, site, lot.product));
  Describe(step, ToText(request.reason), request.ampoules);
  return AnswerDraws(step, request.appointment, std::nullopt);
}

absl::StatusOr<Movement> CorrectionOperations::ReturnToSupplier(
    Transaction& tx, const CallContext& call, const SupplierReturnRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_RETURN_IF_ERROR(LoadZone(tx, request.site).status());
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, ""));
  Movement line =
      LineOf(step, MovementKind::kReturnToSupplier, request.site, request.unit, request.ampoules);
  line.reason = std::string(ToText(request.reason));
  line.document = request.document;
  MESO_RETURN_IF_ERROR(TakeOffShelf(step, lot, line));
  Describe(step, line.reason, request.ampoules);
  return LoadLastMovement(tx, lot);
}

absl::StatusOr<Movement> CorrectionOperations::AdjustStock(Transaction& tx, const CallContext& call,
                                                           const AdjustRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_RETURN_IF_ERROR(LoadZone(tx, request.site).status());
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, ""));
  Movement line =
      LineOf(step, MovementKind::kAdjust, request.site, request.unit, std::abs(request.delta));
  line.reason = std::string(ToText(request.reason));
  line.document = request.note;
  line.occurred_time = request.occurred_time;
  const bool found = request.delta > 0;
  line.from = found ? Account::kAdjustment : Account::kStock;
  line.to = found ? Account::kStock : Account::kAdjustment;
  MESO_RETURN_IF_ERROR(CheckBackdating(step, lot, line));
  if (found) {
    MESO_RETURN_IF_ERROR(CheckUnitExists(tx, request.site, request.unit));
    MESO_RETURN_IF_ERROR(AppendMovement(tx, lot, line, 0, nullptr));
    MESO_RETURN_IF_ERROR(FollowFoundUnits(step, lot, request.site, request.unit));
    MESO_RETURN_IF_ERROR(QueueReallocations(step, request.site, lot.product));
  } else {
    MESO_RETURN_IF_ERROR(TakeOffShelf(step, lot, line));
  }
  Describe(step, line.reason, request.delta);
  return LoadLastMovement(tx, lot);
}

}  // namespace meso::inventory
