// The client side: how one service calls another.
//
// A Peer is a channel to one service with the shipped service config (retries on UNAVAILABLE only),
// the service's own token from a file (re-read when it changes), and the headers that carry the
// verified user, the correlation and the trace. Beyond loopback it speaks TLS with this side's
// certificate, and talks only to a server whose certificate names the service it is looking for,
// whatever its host is called. CallPeer makes one blocking unary call on the saga
// pool and returns the peer's Status with its reasons intact. Never call it inside a transaction.
// Thread-safe.
#ifndef MESO_COMMON_RPC_CHANNEL_H_
#define MESO_COMMON_RPC_CHANNEL_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/auth/certificate.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"

namespace meso {

struct PeerOptions {
  std::string service;             // "inventory": names it in DEPENDENCY_DOWN
  std::string address;             // host:port or unix:PATH
  std::string service_token_file;  // our own token
  TlsFiles tls;  // of every address but a unix socket; empty = plaintext, for loopback only
  absl::Duration tls_refresh = absl::Minutes(1);  // how often the three files are looked at
  const Clock* clock = nullptr;                   // of the calls' deadlines; nullptr = the system's
};

// Whether calls to this address may be made: a token must not travel in the clear, so beyond this
// machine only with TLS. `what` names the setting, as in "--audit_address". Errors:
// FAILED_PRECONDITION, one sentence.
absl::Status CheckPeerAddress(absl::string_view what, const std::string& address,
                              const TlsFiles& tls);

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
