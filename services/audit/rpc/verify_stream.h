// One VerifyLog call: the service looks through its own log and tells how far it has come.
//
// The verification runs on a thread of the saga pool from begin to end; progress that the caller is
// too slow to take is left out, so nothing is held up. A caller that goes stops it at the next
// step. The call is recorded before it begins and with its result at the end. Deletes itself when
// gRPC is done with it.
#ifndef MESO_SERVICES_AUDIT_RPC_VERIFY_STREAM_H_
#define MESO_SERVICES_AUDIT_RPC_VERIFY_STREAM_H_

#include <grpcpp/grpcpp.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/serve_call.h"
#include "meso/audit/v1/verification.pb.h"
#include "services/audit/audit_operations.h"
#include "services/audit/verify_operations.h"

namespace meso::audit {

class VerifyStream final : public grpc::ServerWriteReactor<v1::VerifyLogResponse> {
 public:
  // Starts the call; `context` and `request` live as long as it.
  VerifyStream(CallServer& calls, const AuditOperations& audit, const VerifyOperations& verify,
               grpc::CallbackServerContext& context, const v1::VerifyLogRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  void Run();
  absl::Status Verify(const CallContext& call);
  bool IsCancelled() const;
  // Sends unless the message before is still on its way.
  void Offer(VerifyStage stage, uint64_t done, uint64_t total);
  // Sends message_. Only the thread that verifies does.
  void Send();
  // Waits until the way is free; false when nobody takes it any more.
  bool AwaitFree();

  CallServer& calls_;
  const AuditOperations& audit_;
  const VerifyOperations& verify_;
  grpc::CallbackServerContext& context_;
  const v1::VerifyLogRequest& request_;
  mutable absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  v1::VerifyLogResponse message_;  // being written
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_VERIFY_STREAM_H_
