// Stock counts between requests, values and responses. Pure; every malformed field is reported at
// once. What the books say of a line is left out of an answer until the line needs no further
// count.
#ifndef MESO_SERVICES_INVENTORY_RPC_STOCK_COUNT_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_STOCK_COUNT_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/stock_count.pb.h"
#include "services/inventory/stock_count_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_REQUIRED, FIELD_INVALID, FILTER_INVALID or
// PAGE_TOKEN_INVALID.
absl::StatusOr<CreateStockCountRequest> FromProto(const v1::CreateStockCountRequest& request);
absl::StatusOr<RecordStockCountRequest> FromProto(const v1::RecordStockCountRequest& request);
absl::StatusOr<PostStockCountRequest> FromProto(const v1::PostStockCountRequest& request);
absl::StatusOr<StockCountName> FromProto(const v1::CancelStockCountRequest& request);
absl::StatusOr<StockCountName> FromProto(const v1::GetStockCountRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListStockCountsRequest& request);

void ToProto(const StockCount& in, v1::StockCount* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_STOCK_COUNT_CONVERT_H_
