#include "services/inventory/domain/correction.h"

namespace meso::inventory {

absl::string_view ToText(WasteReason reason) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED",  "BROKEN",      "EXPIRED",
                                                 "CONTAMINATED", "TEMPERATURE", "NOT_NEEDED",
                                                 "RECALLED",     "OTHER"};
  return kTexts[static_cast<int>(reason)];
}

absl::string_view ToText(AdjustReason reason) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "FOUND",           "LOST", "STOLEN",
                                                 "MISBOOKED",   "OPENING_BALANCE", "OTHER"};
  return kTexts[static_cast<int>(reason)];
}

absl::string_view ToText(ReturnReason reason) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "SESSION_CANCELLED", "NOT_NEEDED",
                                                 "WRONG_LOT"};
  return kTexts[static_cast<int>(reason)];
}

absl::string_view ToText(SupplierReturnReason reason) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "DAMAGED",     "WRONG_ITEM",
                                                 "RECALLED",    "SHORT_DATED", "OTHER"};
  return kTexts[static_cast<int>(reason)];
}

absl::string_view ToText(InspectionOutcome outcome) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "RELEASE", "REJECT"};
  return kTexts[static_cast<int>(outcome)];
}

absl::string_view ToText(LotState state) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "RECEIVED", "RELEASED", "REJECTED",
                                                 "DISPOSED"};
  return kTexts[static_cast<int>(state)];
}

LotState DecideInspection(LotState state, InspectionOutcome outcome) {
  const bool waits = state == LotState::kReceived;
  if (outcome == InspectionOutcome::kRelease && waits) return LotState::kReleased;
  if (outcome == InspectionOutcome::kReject && (waits || state == LotState::kReleased)) {
    return LotState::kRejected;
  }
  return LotState::kUnspecified;
}

}  // namespace meso::inventory
