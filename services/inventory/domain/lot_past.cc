#include "services/inventory/domain/lot_past.h"

#include <algorithm>

namespace meso::inventory {

LotState StateAt(const Lot& lot, const LotPast& past, absl::Time at) {
  if (past.dispose_time && *past.dispose_time <= at) return LotState::kDisposed;
  LotState state = LotState::kUnspecified;
  for (const PastInspection& inspection : past.inspections) {
    if (inspection.when <= at) state = inspection.after;
  }
  if (state != LotState::kUnspecified) return state;
  // Only what waits is released by an inspection.
  const bool waited =
      !past.inspections.empty() && past.inspections.front().after == LotState::kReleased;
  if (waited) return LotState::kReceived;
  const bool ended = lot.state == LotState::kRejected || lot.state == LotState::kDisposed;
  // No inspection released it, so that what passed the gate had been RELEASED from the beginning.
  return ended && past.passed_gate ? LotState::kReleased : lot.state;
}

bool HasPassedGate(const std::vector<Movement>& movements) {
  return std::any_of(movements.begin(), movements.end(), [](const Movement& line) {
    return (line.kind == MovementKind::kDraw && line.administration.empty()) ||
           line.kind == MovementKind::kOpen || line.kind == MovementKind::kDispense;
  });
}

std::optional<absl::Time> DisposeTimeOf(const std::vector<Movement>& movements) {
  StoredBalance whole;
  for (const Movement& line : movements) {
    ApplyMovement(line, whole);
    const int64_t left = whole.on_hand + whole.drawn + whole.in_transit + whole.opened;
    if (line.kind == MovementKind::kDispose && left == 0) return line.record_time;
  }
  return std::nullopt;
}

}  // namespace meso::inventory
