// One ExportEntries call: the log, or what a filter selects of it, as a bundle.
#ifndef MESO_SERVICES_AUDIT_RPC_EXPORT_STREAM_H_
#define MESO_SERVICES_AUDIT_RPC_EXPORT_STREAM_H_

#include <memory>

#include "services/audit/audit_operations.h"
#include "services/audit/rpc/bundle_stream.h"

namespace meso::audit {

class ExportStream final : public BundleStream {
 public:
  // Starts the export; `context` and `request` live as long as the call.
  ExportStream(CallServer& calls, const AuditOperations& operations,
               grpc::CallbackServerContext& context, const v1::ExportEntriesRequest& request);

 private:
  absl::Status Open(Transaction& tx) override;
  absl::Status ReadStep(Transaction& tx) override;
  absl::Status WriteStep() override;
  bool done() const override { return run_->done; }
  uint64_t entries() const override { return run_->entries; }
  BundleWriter& writer() override { return run_->writer; }

  const AuditOperations& operations_;
  const v1::ExportEntriesRequest& request_;
  std::unique_ptr<Export> run_;
  ExportStep step_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_EXPORT_STREAM_H_
