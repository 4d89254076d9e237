// One unary call on its way through the stages of CallServer; internal to common/rpc.
//
// Lives from Start to OnDone. One stage runs at a time, on whichever thread the stage belongs to,
// so only what OnCancel touches is atomic. Every way out ends in Conclude, which calls Finish once.
#ifndef MESO_COMMON_RPC_ACTIVE_CALL_H_
#define MESO_COMMON_RPC_ACTIVE_CALL_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/rpc/call_method.h"
#include "common/rpc/call_server_impl.h"
#include "common/rpc/serve_call.h"

namespace meso {

class ActiveCall final : public grpc::ServerUnaryReactor {
 public:
  ActiveCall(CallServer::Impl& server, grpc::CallbackServerContext& context, CallPlan plan);

  // First stage, on the pool.
  void Begin();
  // Ends the call without having looked at it: the queue is full, or the server drains.
  void Shed(const absl::Status& status);

  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override;

 private:
  // The entry of a token's first use, then on with the call.
  void RecordLogin();
  void Proceed();
  // Ends a call of nobody in particular, with an entry if there is room for one.
  void RefuseUnidentified(const absl::Status& status);
  // Not empty when nobody waits for the answer any more.
  absl::Status CheckWanted() const;
  absl::Status WhyStopped(absl::Status status) const;
  absl::Status Prepare();
  void SubmitMutation();
  void SubmitRead();
  void LookForReply();
  void StartSaga();
  void RunSaga();
  void AfterSaga(const absl::Status& outcome);

  // The mutation's closure on the writer, and what it does when it succeeded.
  absl::Status RunMutation(Transaction& tx);
  absl::Status FindStoredReply(Transaction& tx);
  absl::Status AppendEntry(Transaction& tx, const absl::Status& outcome);
  absl::Status AppendTrialEntry(Transaction& tx);
  absl::Status RecordRefusal(Transaction& tx, const absl::Status& refusal);

  bool IsRecordable(const absl::Status& refusal) const;
  void Refuse(const absl::Status& refusal);
  // Writes the entry in a transaction of its own, then concludes with `outcome`.
  void RecordThenConclude(const absl::Status& outcome, bool trial);
  void Conclude(const absl::Status& status);
  void LogCall(const absl::Status& status, double milliseconds) const;

  std::function<bool()> CancelledCheck();

  CallServer::Impl& server_;
  grpc::CallbackServerContext& context_;
  const CallPlan plan_;
  CallMethod& method_;
  const absl::Time arrived_;
  CallContext call_;
  AuditDraft request_draft_;  // what every run of the closure begins with
  bool replayed_ = false;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace meso

#endif  // MESO_COMMON_RPC_ACTIVE_CALL_H_
