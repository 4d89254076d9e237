// The use cases that set lots aside and release them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/hold_steps.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/stock_steps.h"
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
    if (it->kind == HoldKind::kRecall) {
      return StateNotAllowed(absl::StrCat("hold ", id, " on ", lot.name.value()), "RECALL",
                             "QUARANTINE or EXCURSION: a recall's hold ends with the recall");
    }
    MESO_RETURN_IF_ERROR(CheckMayHold(step.call, it->site));
    selected.push_back(*it);
  }
  if (!request.hold_ids.empty()) return selected;
  absl::Status refused = absl::OkStatus();
  for (const Hold& hold : lot.holds) {
    if (hold.kind == HoldKind::kRecall) continue;
    const absl::Status may = CheckMayHold(step.call, hold.site);
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
  MESO_ASSIGN_OR_RETURN(const Lot lot, LoadKnownLot(tx, request.lot, request.etag));
  MESO_ASSIGN_OR_RETURN(const std::vector<Hold> selected, SelectHolds(step, lot, request));
  std::vector<Hold> left = lot.holds;
  for (const Hold& hold : selected) {
    left.erase(std::remove_if(left.begin(), left.end(),
                              [&](const Hold& other) { return other.hold_id == hold.hold_id; }),
               left.end());
    MESO_RETURN_IF_ERROR(
        UpdateHoldReleased(tx, lot, hold.hold_id, call.user().subject, request.note, step.now));
    MESO_RETURN_IF_ERROR(AppendLotReleased(tx, step.Stamp(), lot, hold, left));
    MESO_RETURN_IF_ERROR(QueueReallocations(step, hold.site, lot.product));
  }
  return AnswerLot(step, lot.name);
}

}  // namespace meso::inventory
