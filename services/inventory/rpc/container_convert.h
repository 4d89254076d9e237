// Conversions of opened containers, both directions. Pure.
#ifndef MESO_SERVICES_INVENTORY_RPC_CONTAINER_CONVERT_H_
#define MESO_SERVICES_INVENTORY_RPC_CONTAINER_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/inventory/v1/container.pb.h"
#include "services/inventory/container_operations.h"

namespace meso::inventory {

// All errors are INVALID_ARGUMENT / FIELD_REQUIRED, FIELD_INVALID, FILTER_INVALID or
// PAGE_TOKEN_INVALID.
absl::StatusOr<OpenRequest> FromProto(const v1::OpenContainerRequest& request);
absl::StatusOr<ContainerName> FromProto(const v1::GetOpenedContainerRequest& request);
absl::StatusOr<SitePageQuery> FromProto(const v1::ListOpenedContainersRequest& request);
absl::StatusOr<DiscardRequest> FromProto(const v1::DiscardContainerRequest& request);

void ToProto(const OpenedContainer& in, v1::OpenedContainer* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_CONTAINER_CONVERT_H_
