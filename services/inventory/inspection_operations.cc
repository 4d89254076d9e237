#include "services/inventory/inspection_operations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/shelf_steps.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

absl::StatusOr<Lot> AnswerLot(Step& step, const LotName& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLot(step.tx, name, /*all_holds=*/true));
  if (!lot) return ResourceNotFound(name.value());
  MESO_RETURN_IF_ERROR(CountOnHand(step.tx, step.call, *lot));
  step.call.Touch("lot", name.value());
  step.call.audit.object_version = lot->revision;
  return *std::move(lot);
}

// Told like a hold that ends never, so that whoever relies on the lot hears of it; none is stored:
// the state says it all.
absl::Status TellRejected(Step& step, const Lot& lot) {
  Hold never;
  never.hold_id = step.ids.NewId();
  never.kind = HoldKind::kQuarantine;
  never.reason = HoldReason::kInspection;
  return WithdrawLot(step, lot, never, kLotNotReleased);
}

// What is to be destroyed, shelf by shelf.
absl::StatusOr<std::vector<ShelfShare>> SharesToDestroy(Step& step, const Lot& lot,
                                                        const DisposeRequest& request) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Balance> balances, ListBalancesOfLot(step.tx, lot.row));
  std::vector<ShelfShare> shares;
  for (const Balance& shelf : balances) {
    const bool meant =
        shelf.site == request.site && (request.unit.empty() || shelf.unit == request.unit);
    if (!meant) continue;
    const int64_t ampoules = request.ampoules == 0 ? shelf.on_hand : request.ampoules;
    if (ampoules > 0) shares.push_back({shelf.unit, ampoules});
  }
  if (!shares.empty()) return shares;
  return LacksFreeUnits(lot, std::max<int64_t>(request.ampoules, 1), {request.site, request.unit},
                        {});
}

absl::StatusOr<bool> IsGone(Step& step, const Lot& lot) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Balance> balances, ListBalancesOfLot(step.tx, lot.row));
  return std::all_of(balances.begin(), balances.end(), [](const Balance& shelf) {
    return shelf.on_hand + shelf.drawn + shelf.in_transit + shelf.opened == 0;
  });
}

}  // namespace

absl::StatusOr<Lot> InspectionOperations::InspectLot(Transaction& tx, const CallContext& call,
                                                     const InspectRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, request.etag));
  const LotState state = DecideInspection(lot.state, request.outcome);
  if (state == LotState::kUnspecified) {
    return StateNotAllowed(
        lot.name.value(), ToText(lot.state),
        request.outcome == InspectionOutcome::kReject ? "RECEIVED or RELEASED" : "RECEIVED");
  }
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> product, LoadProduct(tx, lot.product));
  if (!product) return absl::DataLossError("a lot without its product");
  if (product->draft) {
    return StateNotAllowed(product->name.value(), "a draft", "complete: give it its fields first");
  }
  MESO_RETURN_IF_ERROR(UpdateLotState(tx, lot, state));
  MESO_RETURN_IF_ERROR(InsertInspection(tx, lot, std::string(ToText(request.outcome)), request.note,
                                        call.user().subject, step.now));
  if (state == LotState::kRejected) {
    MESO_RETURN_IF_ERROR(TellRejected(step, lot));
  } else {
    MESO_RETURN_IF_ERROR(QueueReallocations(step, SiteName(), lot.product));
  }
  call.audit.facts["outcome"] = std::string(ToText(request.outcome));
  return AnswerLot(step, lot.name);
}

absl::StatusOr<DisposeAnswer> InspectionOperations::DisposeLot(
    Transaction& tx, const CallContext& call, const DisposeRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  if (request.witness == call.user().subject || request.witness == call.caller.subject) {
    return SelfApproval(request.lot.value(), "the witness is who destroys it; name who saw it");
  }
  MESO_RETURN_IF_ERROR(LoadZone(tx, request.site).status());
  if (!request.unit.empty()) {
    MESO_RETURN_IF_ERROR(CheckUnitExists(tx, request.site, request.unit));
  }
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, ""));
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, request.site));
  MESO_ASSIGN_OR_RETURN(const std::vector<ShelfShare> shares, SharesToDestroy(step, lot, request));
  DisposeAnswer answer;
  int64_t ampoules = 0;
  for (const ShelfShare& share : shares) {
    Movement line = LineOf(step, MovementKind::kDispose, request.site, share.unit, share.ampoules);
    line.reason = std::string(ToText(request.reason));
    line.document = request.document;
    line.subject = request.witness;
    MESO_RETURN_IF_ERROR(TakeOffShelf(step, lot, line));
    MESO_ASSIGN_OR_RETURN(Movement written, LoadLastMovement(tx, lot));
    answer.lines.push_back(std::move(written));
    ampoules += share.ampoules;
  }
  MESO_ASSIGN_OR_RETURN(const bool gone, IsGone(step, lot));
  if (gone && lot.state != LotState::kDisposed) {
    MESO_RETURN_IF_ERROR(UpdateLotState(tx, lot, LotState::kDisposed));
  }
  call.audit.facts["reason"] = std::string(ToText(request.reason));
  call.audit.facts["ampoules"] = absl::StrCat(ampoules);
  call.audit.facts["witness"] = request.witness;
  call.Touch("actor", request.witness);
  MESO_ASSIGN_OR_RETURN(answer.lot, AnswerLot(step, lot.name));
  return answer;
}

}  // namespace meso::inventory
