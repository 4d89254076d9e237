#include "common/rpc/channel.h"

#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/auth/principal_codec.h"
#include "common/base/error.h"
#include "common/config/watched_file.h"
#include "common/rpc/call_metadata.h"
#include "common/rpc/service_config.h"
#include "common/rpc/status_to_grpc.h"

namespace meso {
namespace {

constexpr int kCertificateRefreshSeconds = 60;
constexpr int kMessageBytesMax = 4 << 20;
// A restarted peer is found within about this time.
constexpr int kReconnectMs = 100;

std::shared_ptr<grpc::ChannelCredentials> Credentials(const PeerOptions& options) {
  if (options.tls_ca_file.empty()) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.tls_key_file, options.tls_cert_file, options.tls_ca_file,
      kCertificateRefreshSeconds));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(tls);
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2 * kReconnectMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  // Two peers in one process (tests) must not share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

// The user to name: the one of the call, or its caller when that is a person. A service acting for
// itself names nobody.
const Principal* UserOf(const CallContext& call) {
  if (call.on_behalf_of) return &*call.on_behalf_of;
  return absl::StartsWith(call.caller.subject, "services/") ? nullptr : &call.caller;
}

}  // namespace

struct Peer::Impl {
  explicit Impl(PeerOptions peer_options)
      : options(std::move(peer_options)),
        clock(options.clock != nullptr ? options.clock : &system_clock),
        token(options.service_token_file, *clock),
        channel(grpc::CreateCustomChannel(options.address, Credentials(options), Arguments())) {}

  const PeerOptions options;
  const SystemClock system_clock;
  const Clock* const clock;
  WatchedFile token;
  const std::shared_ptr<grpc::Channel> channel;
};

Peer::Peer(PeerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Peer::~Peer() = default;

const std::shared_ptr<grpc::Channel>& Peer::channel() const { return impl_->channel; }
const std::string& Peer::service() const { return impl_->options.service; }

void Peer::Prepare(const CallContext& call, absl::Duration timeout,
                   grpc::ClientContext* context) const {
  const Clock& clock = *impl_->clock;
  context->set_deadline(ToSystemDeadline(std::min(clock.Now() + timeout, call.deadline), clock));
  const auto token = impl_->token.Get();
  context->AddMetadata(kAuthorizationKey,
                       absl::StrCat("Bearer ", absl::StripAsciiWhitespace(token->text)));
  if (const Principal* user = UserOf(call); user != nullptr) {
    context->AddMetadata(kOnBehalfOfKey, EncodePrincipal(*user));
  }
  if (!call.correlation_id.empty()) context->AddMetadata(kCorrelationKey, call.correlation_id);
  const std::string& cause =
      call.reply_key.request_id.empty() ? call.causation_id : call.reply_key.request_id;
  if (!cause.empty()) context->AddMetadata(kCausationKey, cause);
  if (!call.trace_parent.empty()) context->AddMetadata(kTraceKey, call.trace_parent);
}

absl::Status Peer::ToStatus(const grpc::Status& status) const {
  const absl::Status ours = GrpcToStatus(status);
  if (ours.ok()) return ours;
  if (ours.code() == absl::StatusCode::kUnauthenticated) {
    // It is this service's token that was refused: the caller can do nothing about it.
    return DependencyDown(
        service(), absl::StrCat("it does not accept this service's token: ", ReasonOf(ours)));
  }
  if (ours.code() == absl::StatusCode::kUnavailable && ReasonOf(ours).empty()) {
    return DependencyDown(service(), "no connection");
  }
  return ours;
}

}  // namespace meso
