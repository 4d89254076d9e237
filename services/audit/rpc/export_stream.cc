#include "services/audit/rpc/export_stream.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/audit/rpc/audit_convert.h"

namespace meso::audit {

ExportStream::ExportStream(CallServer& calls, const AuditOperations& operations,
                           grpc::CallbackServerContext& context,
                           const v1::ExportEntriesRequest& request)
    : BundleStream(calls, "meso.audit.v1.AuditService/ExportEntries", context, request),
      operations_(operations),
      request_(request) {
  Start();
}

absl::Status ExportStream::Open(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const ExportRequest request, FromProto(request_));
  MESO_ASSIGN_OR_RETURN(run_, operations_.BeginExport(tx, call(), request));
  return absl::OkStatus();
}

absl::Status ExportStream::ReadStep(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(step_, operations_.ReadExportStep(tx, *run_));
  return absl::OkStatus();
}

absl::Status ExportStream::WriteStep() {
  return AuditOperations::WriteExportStep(
      call(), std::move(step_), [this] { return RecordPart(); }, run_.get());
}

}  // namespace meso::audit
