#include "common/rpc/channel.h"

#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/principal_codec.h"
#include "common/base/error.h"
#include "common/config/watched_file.h"
#include "common/rpc/call_metadata.h"
#include "common/rpc/service_config.h"
#include "common/rpc/status_to_grpc.h"
#include "common/telemetry/admin_server.h"

namespace meso {
namespace {

constexpr int kMessageBytesMax = 4 << 20;
// A restarted peer is found within about this time.
constexpr int kReconnectMs = 100;
constexpr int kConnectMs = 5'000;
constexpr int kNameQueryMs = 2'000;
constexpr int kNameIntervalMs = 1'000;

// Why the last handshake with the peer was ended by this side; empty when it was not. Thread-safe.
class LastRefusal {
 public:
  void Set(std::string why) {
    absl::MutexLock lock(&mutex_);
    why_ = std::move(why);
  }
  std::string Get() const {
    absl::MutexLock lock(&mutex_);
    return why_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::string why_ ABSL_GUARDED_BY(mutex_);
};

// The handshake has shown that our authority signed the server's certificate; here: that it is the
// service we want to talk to. In place of the host's name, which every service of a machine shares.
class IdentityVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  IdentityVerifier(std::string identity, std::shared_ptr<LastRefusal> refusal)
      : identity_(std::move(identity)), refusal_(std::move(refusal)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* result) override {
    std::string found = "nobody of this suite";
    for (const grpc::string_ref& uri : request->uri_names()) {
      const std::string identity = IdentityOfUri(absl::string_view(uri.data(), uri.size()));
      if (!identity.empty()) found = identity;
    }
    const bool expected = found == identity_;
    const std::string why = expected ? ""
                                     : absl::StrCat("its certificate names ", found, ", not ",
                                                    identity_, "; check the address");
    refusal_->Set(why);
    *result = expected ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, why);
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string identity_;
  const std::shared_ptr<LastRefusal> refusal_;
};

bool UsesTls(const PeerOptions& options) {
  return !options.tls.empty() && !absl::StartsWith(options.address, "unix:");
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const PeerOptions& options,
                                                      std::shared_ptr<LastRefusal> refusal) {
  if (!UsesTls(options)) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.tls.key_file, options.tls.cert_file, options.tls.ca_file,
      static_cast<unsigned int>(std::max<int64_t>(1, absl::ToInt64Seconds(options.tls_refresh)))));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  tls.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<IdentityVerifier>(
          absl::StrCat("services/", options.service), std::move(refusal)));
  tls.set_check_call_host(false);
  return grpc::experimental::TlsCredentials(tls);
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  // The config is ours: nobody who answers DNS may send another, and a resolver that drops such
  // questions holds every first call up.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // A peer that starts later, or again, gets its name or a new address then: the defaults would
  // wait up to 2 minutes for an answer, and 30 s between two questions.
  arguments.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS, kNameQueryMs);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kNameIntervalMs);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  // Despite its name the time one attempt may take: a TLS handshake to another continent needs
  // some.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
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

absl::Status CheckPeerAddress(absl::string_view what, const std::string& address,
                              const TlsFiles& tls) {
  if (absl::StartsWith(address, "unix:") || tls.complete()) return absl::OkStatus();
  const auto parts = SplitHostPort(address);
  if (parts.ok() && IsLoopbackHost(parts->first)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(what, "=", address,
                   " is not on this machine: name the three TLS files (certificate, key and "
                   "authority; deploy/tls/make makes them)."));
}

struct Peer::Impl {
  explicit Impl(PeerOptions peer_options)
      : options(std::move(peer_options)),
        clock(options.clock != nullptr ? options.clock : &system_clock),
        token(options.service_token_file, *clock),
        channel(grpc::CreateCustomChannel(options.address, Credentials(options, refusal),
                                          Arguments())) {}

  // What a person can do about a peer that cannot be connected to. The other side does not say why
  // it ends a handshake, so this side's own files are looked at first.
  std::string WhyNoConnection() const {
    if (!UsesTls(options)) return "no connection";
    const std::string why = refusal->Get();
    if (!why.empty()) return why;
    const absl::Status own = CheckTlsFiles(options.tls, "", SystemClock().Now());
    if (!own.ok()) return std::string(own.message());
    return "no connection, or one side does not accept the other's certificate: signed by the same "
           "authority? not expired?";
  }

  // gRPC asks for a name it could not resolve less and less often, down to every 2 minutes: as long
  // as somebody calls, once a second is right.
  void ResolveSoon() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    if (resolved_second.exchange(second) != second) {
      grpc::experimental::ChannelResetConnectionBackoff(channel.get());
    }
  }

  const PeerOptions options;
  const SystemClock system_clock;
  const Clock* const clock;
  WatchedFile token;
  const std::shared_ptr<LastRefusal> refusal = std::make_shared<LastRefusal>();
  const std::shared_ptr<grpc::Channel> channel;
  std::atomic<int64_t> resolved_second = 0;
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
    impl_->ResolveSoon();
    return DependencyDown(service(), impl_->WhyNoConnection());
  }
  return ours;
}

}  // namespace meso
