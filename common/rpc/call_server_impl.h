// The parts of a CallServer that its calls share; internal to common/rpc. Thread-safe.
#ifndef MESO_COMMON_RPC_CALL_SERVER_IMPL_H_
#define MESO_COMMON_RPC_CALL_SERVER_IMPL_H_

#include <atomic>
#include <string>

#include "absl/synchronization/mutex.h"
#include "common/rpc/call_method.h"
#include "common/rpc/serve_call.h"
#include "common/rpc/stage_pool.h"
#include "common/rpc/unidentified_calls.h"

namespace meso {

struct CallServer::Impl {
  explicit Impl(const CallServerOptions& server_options);

  // False when the server drains: the call must be refused and not counted.
  bool Enter();
  void Leave();
  // Counts a call that named nobody.
  void CountUnauthenticated(const absl::Status& status);
  // A token's first use could not be recorded: its next one will be.
  void ForgetLogin(const grpc::ServerContextBase& context, const absl::Status& why);
  // Admits or refuses the caller of a stream, with the entry of a login; waits for the writer.
  absl::Status Identify(const grpc::ServerContextBase& context, const CallMethod& method,
                        CallContext* call);
  void CountShed(const char* queue);
  Metrics::Counter& Shed(const char* queue);

  const CallServerOptions options;
  CallMethodTable methods;
  absl::Mutex mutex;
  int running ABSL_GUARDED_BY(mutex) = 0;
  bool draining ABSL_GUARDED_BY(mutex) = false;
  std::atomic<bool> out_of_time = false;  // the drain's grace is over: calls count as cancelled
  UnidentifiedCalls unidentified;
  StagePool stages;
  StagePool sagas;
};

}  // namespace meso

#endif  // MESO_COMMON_RPC_CALL_SERVER_IMPL_H_
