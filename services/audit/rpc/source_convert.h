// Between ListSources' messages and its values. Pure; see audit_convert.h.
#ifndef MESO_SERVICES_AUDIT_RPC_SOURCE_CONVERT_H_
#define MESO_SERVICES_AUDIT_RPC_SOURCE_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/audit/v1/source.pb.h"
#include "services/audit/source_operations.h"

namespace meso::audit {

// FIELD_INVALID, PAGE_TOKEN_INVALID.
absl::StatusOr<SourceListRequest> FromProto(const v1::ListSourcesRequest& request);
void ToProto(const SourcePage& page, const v1::ListSourcesRequest& request,
             v1::ListSourcesResponse* response);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_SOURCE_CONVERT_H_
