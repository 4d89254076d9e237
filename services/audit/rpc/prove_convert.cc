#include "services/audit/rpc/prove_convert.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/audit/rpc/audit_convert.h"

namespace meso::audit {

absl::StatusOr<ProveRequest> FromProto(const v1::ProveEntriesRequest& request) {
  FieldErrors errors;
  if (request.name().empty()) {
    errors.Required("name");
  } else if (!KeyKindOf(request.name())) {
    errors.Invalid("name",
                   "patients/{code}, lots/{uuid}, sites/{site}/appointments/{uuid}, sites/{site}, "
                   "users/{user} or services/{service}");
  }
  CheckCosignatures(request.min_cosignatures(), &errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return ProveRequest{request.name(), request.include_payloads(), request.min_cosignatures()};
}

}  // namespace meso::audit
