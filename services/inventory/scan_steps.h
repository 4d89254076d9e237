// Which lot a symbol under the scanner, or a name beside it, means. Internal to the operations
// room; works inside the caller's transaction.
#ifndef MESO_SERVICES_INVENTORY_SCAN_STEPS_H_
#define MESO_SERVICES_INVENTORY_SCAN_STEPS_H_

#include <string>

#include "absl/status/statusor.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/stock_steps.h"

namespace meso::inventory {

// The known lot of a scan, or (empty) of a name; both must mean the same. Errors: those of
// ParseScan; UNKNOWN_GTIN; RESOURCE_NOT_FOUND for a lot that was never received; SCAN_AMBIGUOUS
// when the symbol names no lot, or another one; LOT_MISMATCH for another expiry than the known one.
absl::StatusOr<Lot> FindLot(Step& step, const std::string& scan, const LotName& name);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_SCAN_STEPS_H_
