// Transfers between requests, values and responses. Pure; every malformed field is reported at
// once.
#ifndef MESO_SERVICES_INVENTORY_RPC_TRANSFER_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_TRANSFER_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/transfer.pb.h"
#include "services/inventory/transfer_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_REQUIRED, FIELD_INVALID, FILTER_INVALID or
// PAGE_TOKEN_INVALID.
absl::StatusOr<CreateTransferRequest> FromProto(const v1::CreateTransferRequest& request);
absl::StatusOr<ShipTransferRequest> FromProto(const v1::ShipTransferRequest& request);
absl::StatusOr<ReceiveTransferRequest> FromProto(const v1::ReceiveTransferRequest& request);
absl::StatusOr<CloseTransferRequest> FromProto(const v1::CloseTransferRequest& request);
absl::StatusOr<CancelTransferRequest> FromProto(const v1::CancelTransferRequest& request);
absl::StatusOr<TransferName> FromProto(const v1::GetTransferRequest& request);
absl::StatusOr<PageQuery> FromProto(const v1::ListTransfersRequest& request);

void ToProto(const Transfer& in, v1::Transfer* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_TRANSFER_CONVERT_H_
