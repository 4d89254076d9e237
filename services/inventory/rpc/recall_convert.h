// Between the messages of the recall as a case and the values of its operations. Pure; every bad
// field is reported at once. A recall's own conversions out are with the other answers.
#ifndef MESO_SERVICES_INVENTORY_RPC_RECALL_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_RECALL_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/recall.pb.h"
#include "services/inventory/recall_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_INVALID.
absl::StatusOr<RecallAnswer> FromProto(const v1::AcknowledgeRecallRequest& request);
absl::StatusOr<RecallClosing> FromProto(const v1::CloseRecallRequest& request);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_RECALL_CONVERT_H_
