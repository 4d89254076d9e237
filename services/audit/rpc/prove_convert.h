// Proto to value for ProveEntries; its answer is a bundle's bytes and needs no conversion.
#ifndef MESO_SERVICES_AUDIT_RPC_PROVE_CONVERT_H_
#define MESO_SERVICES_AUDIT_RPC_PROVE_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/audit/prove_operations.h"

namespace meso::audit {

// FIELD_REQUIRED, FIELD_INVALID.
absl::StatusOr<ProveRequest> FromProto(const v1::ProveEntriesRequest& request);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_PROVE_CONVERT_H_
