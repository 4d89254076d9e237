// Conversions of stock moved by hand, dispensing, inspection and disposal, both directions. Pure.
#ifndef MESO_SERVICES_INVENTORY_RPC_STOCK_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_STOCK_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/product.pb.h"
#include "meso/inventory/v1/stock.pb.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/inspection_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_REQUIRED or FIELD_INVALID.
absl::StatusOr<WasteRequest> FromProto(const v1::WasteStockRequest& request);
absl::StatusOr<ReturnDrawnRequest> FromProto(const v1::ReturnDrawnStockRequest& request);
absl::StatusOr<DispenseRequest> FromProto(const v1::DispenseHomeCareRequest& request);
absl::StatusOr<SupplierReturnRequest> FromProto(const v1::ReturnToSupplierRequest& request);
absl::StatusOr<DisposeRequest> FromProto(const v1::DisposeLotRequest& request);
absl::StatusOr<AdjustRequest> FromProto(const v1::AdjustStockRequest& request);
absl::StatusOr<InspectRequest> FromProto(const v1::InspectLotRequest& request);
absl::StatusOr<ProductChange> FromProto(const v1::DeleteProductRequest& request);

void ToProto(const Dispensing& in, v1::Dispensing* out);
void ToProto(const DisposeAnswer& in, v1::DisposeLotResponse* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_STOCK_CONVERT_H_
