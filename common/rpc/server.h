// The gRPC server of a process: its limits, its credentials, health, reflection and the way it
// ends.
//
// Limits are those a server needs that anybody on the network may reach: streams per connection,
// sizes, idle and total age, handshake time, ping rate. Beyond loopback it serves only with TLS and
// client certificates, or not at all. Knows nothing about services. Not thread-safe apart from
// SetServing.
#ifndef MESO_COMMON_RPC_SERVER_H_
#define MESO_COMMON_RPC_SERVER_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/certificate.h"

namespace meso {

struct RpcServerOptions {
  std::string listen;  // 127.0.0.1:0, [::1]:7103, 0.0.0.0:7103 (with TLS), unix:PATH
  TlsFiles tls;        // of every address but a unix socket; all three, or none
  std::string
      identity;  // whom our certificate must name, as in services/inventory; empty = anybody
  absl::Duration tls_refresh = absl::Minutes(1);  // how often the three files are looked at
  bool reflection_beyond_loopback = false;
  // Told of every call of a method that nobody serves, which is answered UNIMPLEMENTED; may be
  // empty. On a thread of gRPC: it must only hand over.
  std::function<void(const grpc::ServerContextBase& context, const std::string& path)> on_unknown;
};

class RpcServer {
 public:
  // Binds and serves; health says SERVING. A connection that exists keeps the certificate it began
  // with, at most 31 minutes; new ones get the files as they are. Errors: FAILED_PRECONDITION
  // naming the address: in use, malformed, or beyond loopback without the three TLS files; or
  // naming the TLS file that cannot be used.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const RpcServerOptions& options, const std::vector<grpc::Service*>& services);
  ~RpcServer();  // Shutdown(zero)

  // 0 for a unix socket.
  int port() const { return port_; }
  // Health for the whole server.
  void SetServing(bool serving);
  // Takes no new calls; waits for the running ones at most `grace`, then cancels them and waits for
  // their end. Idempotent.
  void Shutdown(absl::Duration grace);

 private:
  RpcServer() = default;
  std::unique_ptr<grpc::CallbackGenericService> unknown_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  bool shut_down_ = false;
};

}  // namespace meso

#endif  // MESO_COMMON_RPC_SERVER_H_
