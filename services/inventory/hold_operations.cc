// The use cases that set lots aside and release them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/excursion_steps.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/cold_chain_store.h"
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

// Whether the excursion's hold is on units that came to another shelf after it had rejected the
// lot: nobody has decided about those, and no decision about the excursion will.
absl::StatusOr<bool> CameAfterDecision(Transaction& tx, const Lot& lot, const Hold& hold,
                                       const ExcursionName& name) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Excursion> excursion, LoadExcursion(tx, name));
  if (!excursion) return absl::InternalError("a hold of an excursion that does not exist");
  const bool rejected =
      std::any_of(excursion->lots.begin(), excursion->lots.end(), [&](const ExcursionLot& one) {
        return one.lot_row == lot.row && one.decision == ExcursionDecision::kReject;
      });
  return rejected && excursion->resolve_time && hold.place_time > *excursion->resolve_time &&
         StorageUnitNameOf(hold.site, hold.unit) != excursion->storage_unit;
}

// Whether the caller may end a hold by ReleaseLot. What a recall placed never ends, also not with
// the recall; what an excursion placed ends with the decision about it, but for what came after a
// rejection, which a person who looked releases by naming it.
absl::Status CheckMayRelease(const Step& step, const Lot& lot, const Hold& hold, bool named) {
  const std::string object = absl::StrCat("hold ", hold.hold_id, " on ", lot.name.value());
  if (hold.kind == HoldKind::kRecall) {
    return StateNotAllowed(
        object, "RECALL",
        "QUARANTINE or EXCURSION: a recalled lot stays held, also when the recall is "
        "closed");
  }
  if (hold.kind == HoldKind::kExcursion) {
    MESO_ASSIGN_OR_RETURN(const std::optional<ExcursionName> excursion,
                          FindExcursionOfHold(step.tx, hold.hold_id));
    bool after = !excursion.has_value();
    if (excursion && named) {
      MESO_ASSIGN_OR_RETURN(after, CameAfterDecision(step.tx, lot, hold, *excursion));
    }
    if (!after) {
      return StateNotAllowed(object, absl::StrCat("placed by ", excursion->value()),
                             "placed by a person (ResolveExcursion decides about this one), or "
                             "named and on units that came after it had rejected the lot");
    }
  }
  return CheckMayHold(step.call, hold.site);
}

// The holds a release means: those named, or all that people placed and the caller may end.
absl::StatusOr<std::vector<Hold>> SelectHolds(const Step& step, const Lot& lot,
                                              const ReleaseRequest& request) {
  std::vector<Hold> selected;
  for (const std::string& id : request.hold_ids) {
    const auto it = std::find_if(lot.holds.begin(), lot.holds.end(),
                                 [&](const Hold& hold) { return hold.hold_id == id; });
    if (it == lot.holds.end()) {
      return StateNotAllowed(absl::StrCat("hold ", id, " on ", lot.name.value()), "not in force",
                             "in force");
    }
    MESO_RETURN_IF_ERROR(CheckMayRelease(step, lot, *it, /*named=*/true));
    selected.push_back(*it);
  }
  if (!request.hold_ids.empty()) return selected;
  absl::Status refused = absl::OkStatus();
  for (const Hold& hold : lot.holds) {
    if (hold.kind == HoldKind::kRecall) continue;
    const absl::Status may = CheckMayRelease(step, lot, hold, /*named=*/false);
    if (may.ok()) selected.push_back(hold);
    if (!may.ok()) refused = may;
  }
  if (selected.empty() && !refused.ok()) return refused;
  if (selected.empty()) {
    return StateNotAllowed(lot.name.value(), lot.holds.empty() ? "not held" : "held by a recall",
                           "held by QUARANTINE or EXCURSION");
  }
  return selected;
}

}  // namespace

absl::StatusOr<Lot> InventoryOperations::QuarantineLot(Transaction& tx, const CallContext& call,
                                                       const HoldRequest& request) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_RETURN_IF_ERROR(CheckMayHold(call, request.site));
  if (!request.site.empty()) MESO_RETURN_IF_ERROR(LoadZone(tx, request.site).status());
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, request.etag));
  Hold hold;
  hold.hold_id = ids_.NewId();
  hold.kind = request.kind;
  hold.site = request.site;
  hold.reason = request.reason;
  hold.note = request.note;
  hold.placed_by = call.user().subject;
  hold.place_time = step.now;
  MESO_RETURN_IF_ERROR(PlaceHold(step, lot, hold));
  return AnswerLot(step, lot.name);
}

absl::StatusOr<Lot> InventoryOperations::ReleaseLot(Transaction& tx, const CallContext& call,
                                                    const ReleaseRequest& request) const {
  Step step{tx, call, clock_.Now(), ids_, wake_work_};
  MESO_ASSIGN_OR_RETURN(Lot lot, LoadKnownLot(tx, request.lot, request.etag));
  MESO_ASSIGN_OR_RETURN(const std::vector<Hold> selected, SelectHolds(step, lot, request));
  for (const Hold& hold : selected) {
    MESO_RETURN_IF_ERROR(EndHold(step, lot, hold, request.note));
    MESO_ASSIGN_OR_RETURN(const std::optional<ExcursionName> excursion,
                          FindExcursionOfHold(tx, hold.hold_id));
    if (excursion) MESO_RETURN_IF_ERROR(ForgetHold(step, *excursion, hold.hold_id));
    lot.holds.erase(
        std::remove_if(lot.holds.begin(), lot.holds.end(),
                       [&](const Hold& other) { return other.hold_id == hold.hold_id; }),
        lot.holds.end());
  }
  return AnswerLot(step, lot.name);
}

}  // namespace meso::inventory
