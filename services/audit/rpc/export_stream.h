// One ExportEntries call: reads the log in steps and writes the bundle in chunks, as fast as the
// reader takes them.
//
// At most one step's bytes are held, so a slow reader costs memory for itself only and never delays
// others. The export is recorded before its first byte leaves, and again at its end with the
// patients it named. Steps run on the saga pool; gRPC's threads only hand over. Deletes itself when
// gRPC is done with it.
#ifndef MESO_SERVICES_AUDIT_RPC_EXPORT_STREAM_H_
#define MESO_SERVICES_AUDIT_RPC_EXPORT_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>

#include "common/rpc/serve_call.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/audit/audit_operations.h"

namespace meso::audit {

class ExportStream final : public grpc::ServerWriteReactor<v1::ExportEntriesResponse> {
 public:
  // Starts the export; `context` and `request` live as long as the call.
  ExportStream(CallServer& calls, const AuditOperations& operations,
               grpc::CallbackServerContext& context, const v1::ExportEntriesRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }

 private:
  void Begin();
  absl::Status Open();
  // Fills the buffer from the log, then writes its first chunk; or ends.
  void Pump();
  absl::Status Fill();
  // A further access entry, of the patients touched since the last one.
  absl::Status RecordPart();
  void WriteChunk();
  void End(const absl::Status& status);

  CallServer& calls_;
  const AuditOperations& operations_;
  grpc::CallbackServerContext& context_;
  const v1::ExportEntriesRequest& request_;
  std::atomic<bool> cancelled_{false};
  CallContext call_;
  std::unique_ptr<Export> run_;
  std::string buffer_;
  size_t sent_ = 0;  // of the buffer
  v1::ExportEntriesResponse message_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_EXPORT_STREAM_H_
