#include "services/audit/rpc/prove_stream.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/audit/rpc/prove_convert.h"

namespace meso::audit {

ProveStream::ProveStream(CallServer& calls, const ProveOperations& operations,
                         grpc::CallbackServerContext& context,
                         const v1::ProveEntriesRequest& request)
    : BundleStream(calls, "meso.audit.v1.AuditService/ProveEntries", context, request),
      operations_(operations),
      request_(request) {
  Start();
}

absl::Status ProveStream::Open(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const ProveRequest request, FromProto(request_));
  MESO_ASSIGN_OR_RETURN(run_, operations_.BeginProof(tx, call(), request));
  return absl::OkStatus();
}

absl::Status ProveStream::ReadStep(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(step_, operations_.ReadProofStep(tx, *run_));
  return absl::OkStatus();
}

absl::Status ProveStream::WriteStep() {
  return ProveOperations::WriteProofStep(
      call(), std::move(step_), [this] { return RecordPart(); }, run_.get());
}

}  // namespace meso::audit
