// The cold chain's conversions, both directions.
//
// Pure. Missing required fields are found by the caller layer before; here it is about form, ranges
// and names. All errors are INVALID_ARGUMENT / FIELD_REQUIRED, FIELD_INVALID, FILTER_INVALID or
// PAGE_TOKEN_INVALID.
#ifndef MESO_SERVICES_INVENTORY_RPC_COLD_CHAIN_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_COLD_CHAIN_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/cold_chain.pb.h"
#include "services/inventory/cold_chain_operations.h"

namespace meso::inventory {

absl::StatusOr<TemperatureBatch> FromProto(const v1::RecordTemperaturesRequest& request);
absl::StatusOr<ExcursionName> FromProto(const v1::GetExcursionRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListExcursionsRequest& request);
absl::StatusOr<ResolveRequest> FromProto(const v1::ResolveExcursionRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListSensorsRequest& request);

void ToProto(const Excursion& in, v1::Excursion* out);

// A sensor at the moment it is shown.
void ToProto(const Sensor& in, absl::Time now, v1::Sensor* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_COLD_CHAIN_CONVERT_H_
