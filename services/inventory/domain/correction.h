// Why stock moves by hand: thrown away, put back, sent back, destroyed, found or lost; and what an
// inspection found.
//
// Coded reasons only, stored as text in the ledger's line. Pure.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_CORRECTION_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_CORRECTION_H_

#include "absl/strings/string_view.h"
#include "services/inventory/domain/lot.h"

namespace meso::inventory {

// All numbered as in the contract.
enum class WasteReason {
  kUnspecified = 0,
  kBroken = 1,
  kExpired = 2,
  kContaminated = 3,
  kTemperature = 4,
  kNotNeeded = 5,
  kRecalled = 6,
  kOther = 7,
};
enum class AdjustReason {
  kUnspecified = 0,
  kFound = 1,
  kLost = 2,
  kStolen = 3,
  kMisbooked = 4,
  kOpeningBalance = 5,
  kOther = 6,
};
enum class ReturnReason {
  kUnspecified = 0,
  kSessionCancelled = 1,
  kNotNeeded = 2,
  kWrongLot = 3,
};
enum class SupplierReturnReason {
  kUnspecified = 0,
  kDamaged = 1,
  kWrongItem = 2,
  kRecalled = 3,
  kShortDated = 4,
  kOther = 5,
};
enum class InspectionOutcome { kUnspecified = 0, kRelease = 1, kReject = 2 };

// As they stand in the ledger: "BROKEN", "SESSION_CANCELLED".
absl::string_view ToText(WasteReason reason);
absl::string_view ToText(AdjustReason reason);
absl::string_view ToText(ReturnReason reason);
absl::string_view ToText(SupplierReturnReason reason);
absl::string_view ToText(InspectionOutcome outcome);
absl::string_view ToText(LotState state);

// The state an inspection leads to; kUnspecified when a lot in this state is not inspected so: only
// what waits is released, and what is rejected or destroyed stays so.
LotState DecideInspection(LotState state, InspectionOutcome outcome);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_CORRECTION_H_
