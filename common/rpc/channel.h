// The client side: how one service calls another.
//
// A Peer is a channel to one service with the shipped service config (retries on UNAVAILABLE only),
// the service's own token from a file (re-read when it changes), and the headers that carry the
// verified user, the correlation and the trace. CallPeer makes one blocking unary call on the saga
// pool and returns the peer's Status with its reasons intact. Never call it inside a transaction.
// Thread-safe.
#ifndef MESO_COMMON_RPC_CHANNEL_H_
#define MESO_COMMON_RPC_CHANNEL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"

namespace meso {

struct PeerOptions {
  std::string service;             // "inventory": names it in DEPENDENCY_DOWN
  std::string address;             // host:port or unix:PATH
  std::string service_token_file;  // our own token
  std::string tls_ca_file;         // empty = plaintext (loopback only)
  std::string tls_cert_file;
  std::string tls_key_file;
  const Clock* clock = nullptr;  // of the calls' deadlines; nullptr = the system's
};

class Peer {
 public:
  explicit Peer(PeerOptions options);
  ~Peer();

  const std::shared_ptr<grpc::Channel>& channel() const;
  const std::string& service() const;
  // Sets deadline = min(now + timeout, call.deadline), token, on_behalf_of, correlation id,
  // causation id, trace.
  void Prepare(const CallContext& call, absl::Duration timeout, grpc::ClientContext* context) const;
  // The peer's refusal with its details (domain "<service>.meso"), DEPENDENCY_DOWN for UNAVAILABLE
  // without a reason of ours; DEADLINE_EXCEEDED stays: the call may have been executed, repeat it
  // with the same request_id.
  absl::Status ToStatus(const grpc::Status& status) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One unary call: CallPeer(peer, *stub, &Stub::ReserveStock, call, absl::Seconds(2), request,
// &response).
template <typename Stub, typename Request, typename Response>
absl::Status CallPeer(const Peer& peer, Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const CallContext& call, absl::Duration timeout, const Request& request,
                      Response* response) {
  grpc::ClientContext context;
  peer.Prepare(call, timeout, &context);
  return peer.ToStatus((stub.*method)(&context, request, response));
}

}  // namespace meso

#endif  // MESO_COMMON_RPC_CHANNEL_H_
