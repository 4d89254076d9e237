// One ProveEntries call: all entries under a key as a bundle that proves they are all.
#ifndef MESO_SERVICES_AUDIT_RPC_PROVE_STREAM_H_
#define MESO_SERVICES_AUDIT_RPC_PROVE_STREAM_H_

#include <memory>

#include "services/audit/prove_operations.h"
#include "services/audit/rpc/bundle_stream.h"

namespace meso::audit {

class ProveStream final : public BundleStream {
 public:
  // Starts the call; `context` and `request` live as long as it.
  ProveStream(CallServer& calls, const ProveOperations& operations,
              grpc::CallbackServerContext& context, const v1::ProveEntriesRequest& request);

 private:
  absl::Status Open(Transaction& tx) override;
  absl::Status ReadStep(Transaction& tx) override;
  absl::Status WriteStep() override;
  bool done() const override { return run_->done; }
  uint64_t entries() const override { return run_->written; }
  BundleWriter& writer() override { return run_->writer; }

  const ProveOperations& operations_;
  const v1::ProveEntriesRequest& request_;
  std::unique_ptr<KeyExport> run_;
  KeyExportStep step_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_PROVE_STREAM_H_
