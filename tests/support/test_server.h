// A real gRPC server in the test's process: CallServer over a throw-away database, on a free port,
// with real tokens and a clock that stands still. For the rpc rooms of services and for common/rpc
// itself.
//
//   TestServer server("inventory", InventoryMigrations());
//   InventoryService service(server.calls(), ...);
//   server.Serve({&service});
//   auto stub = v1::InventoryService::NewStub(server.channel());
//   server.Call(*stub, &Stub::GetLot, server.keys().Token("users/anna", {"front_desk@par-1"}), ...)
//
// A service that is destroyed before the server must outlive Stop(): call it first, or a late call
// meets a service that is gone. Call is thread-safe.
#ifndef MESO_TESTS_SUPPORT_TEST_SERVER_H_
#define MESO_TESTS_SUPPORT_TEST_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/database/audit_outbox.h"
#include "common/rpc/serve_call.h"
#include "common/rpc/server.h"
#include "common/rpc/status_to_grpc.h"
#include "common/telemetry/metrics.h"
#include "tests/support/temp_database.h"
#include "tests/support/test_keys.h"

namespace meso {

class TestServer {
 public:
  // `adjust` may change the options before the CallServer is made (a smaller pool, another
  // database).
  explicit TestServer(const std::string& service, const std::vector<Migration>& migrations = {},
                      const std::function<void(CallServerOptions&)>& adjust = nullptr);
  ~TestServer();  // Stop()

  CallServer& calls() { return *calls_; }
  Database& database() { return *database_; }
  ManualClock& clock() { return database_.clock(); }
  IdSource& ids() { return database_.ids(); }
  Metrics& metrics() { return metrics_; }
  const TestKeys& keys() const { return keys_; }
  RpcServer& server() { return *server_; }

  void Serve(const std::vector<grpc::Service*>& services);
  void Stop();
  std::string address() const;
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Token and a deadline of 20 s.
  static void Prepare(const std::string& token, grpc::ClientContext* context);

  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& token, const Request& request, Response* response) {
    grpc::ClientContext context;
    Prepare(token, &context);
    return GrpcToStatus((stub.*method)(&context, request, response));
  }

  // Every audit record that waits, in order.
  std::vector<AuditRecord> AllEntries();
  // Those of calls, without those of logins, which every first call with a token has before it.
  std::vector<AuditRecord> Entries();
  // Those of logins alone, refused ones too.
  std::vector<AuditRecord> Logins();

 private:
  TestKeys keys_;
  TempDatabase database_;
  Metrics metrics_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<CallServer> calls_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_TEST_SERVER_H_
