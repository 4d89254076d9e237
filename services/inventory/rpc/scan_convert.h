// Scans and labels between proto and plain values, both directions. Pure.
#ifndef MESO_SERVICES_INVENTORY_RPC_SCAN_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_SCAN_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/scan.pb.h"
#include "services/inventory/scan_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_REQUIRED or FIELD_INVALID.
absl::StatusOr<ScanRequest> FromProto(const v1::ParseScanRequest& request);
absl::StatusOr<LabelRequest> FromProto(const v1::RenderLotLabelRequest& request);

void ToProto(const ScanReply& in, v1::ParsedScan* out);
void ToProto(const LotLabel& in, v1::LotLabel* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_SCAN_CONVERT_H_
