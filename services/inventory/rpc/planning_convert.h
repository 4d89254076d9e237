// Conversions of planning: requests in, with every malformed field reported at once, and answers
// out. Pure.
#ifndef MESO_SERVICES_INVENTORY_RPC_PLANNING_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_PLANNING_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/lot.pb.h"
#include "meso/inventory/v1/planning.pb.h"
#include "services/inventory/planning_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_INVALID, FILTER_INVALID or PAGE_TOKEN_INVALID.
absl::StatusOr<PromiseRequest> FromProto(const v1::PromiseStockRequest& request);
absl::StatusOr<ParLevelChange> FromProto(const v1::UpdateParLevelRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListParLevelsRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListReorderSuggestionsRequest& request);
absl::StatusOr<ExpiringQuery> FromProto(const v1::ListExpiringRequest& request);
// Of VIEW_PRODUCTS.
absl::StatusOr<SitePageQuery> FromProductsView(const v1::ListStockLevelsRequest& request);

void ToProto(const StockPromise& in, v1::StockPromise* out);
void ToProto(const ParLevel& in, v1::ParLevel* out);
void ToProto(const ProductLevel& in, v1::ProductLevel* out);
void ToProto(const ReorderSuggestion& in, v1::ReorderSuggestion* out);
void ToProto(const ExpiringLine& in, v1::ExpiringLine* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_PLANNING_CONVERT_H_
