#include "common/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/rpc/grpc_log.h"
#include "common/telemetry/admin_server.h"
#include "common/telemetry/listen_address.h"

namespace meso {
namespace {

constexpr int kStreamsPerConnection = 100;
constexpr int kMessageBytesMax = 4 << 20;
constexpr int kMetadataBytesMax = 8 << 10;
constexpr int kIdleMs = 5 * 60 * 1000;
constexpr int kAgeMs = 30 * 60 * 1000;
constexpr int kAgeGraceMs = 60 * 1000;
constexpr int kHandshakeMs = 5 * 1000;
constexpr int kPingIntervalMs = 10 * 1000;

// Linking gRPC's reflection library turns it on for every server of the process: this takes it out
// of one.
class NoReflectionOption final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const std::string name = grpc::reflection::ProtoServerReflectionPlugin().name();
    plugins->erase(std::remove_if(plugins->begin(), plugins->end(),
                                  [&](const auto& plugin) { return plugin->name() == name; }),
                   plugins->end());
  }
};

// Answers as gRPC does for methods it does not know, and says so to somebody.
class UnknownMethods final : public grpc::CallbackGenericService {
 public:
  explicit UnknownMethods(decltype(RpcServerOptions::on_unknown) on_unknown)
      : on_unknown_(std::move(on_unknown)) {}

 private:
  class Refusal final : public grpc::ServerGenericBidiReactor {
   public:
    Refusal() { Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "")); }
    void OnDone() override { delete this; }
  };
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    on_unknown_(*context, context->method());
    return new Refusal();
  }
  const decltype(RpcServerOptions::on_unknown) on_unknown_;
};

void SetLimits(grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(kMessageBytesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kAgeMs);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGraceMs);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kPingIntervalMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Otherwise a second instance silently shares the port and takes part of the calls.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Reflection and health are the only synchronous services: a few threads suffice.
  builder->SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

// How far a caller of this address may be away.
enum class Reach { kSocket, kLoopback, kBeyond };

absl::StatusOr<Reach> ReachOf(const std::string& listen) {
  if (absl::StartsWith(listen, "unix:")) return Reach::kSocket;
  const auto address = SplitHostPort(listen);
  if (!address.ok()) {
    return absl::FailedPreconditionError(absl::StrCat("--listen: ", address.status().message()));
  }
  return IsLoopbackHost(address->first) ? Reach::kLoopback : Reach::kBeyond;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(
    const RpcServerOptions& options, Reach reach) {
  // The file system guards a unix socket, and our own channels to one are plain too.
  if (reach == Reach::kSocket) return grpc::InsecureServerCredentials();
  if (!options.tls.complete()) {
    if (reach == Reach::kLoopback) return grpc::InsecureServerCredentials();
    return absl::FailedPreconditionError(
        absl::StrCat("--listen=", options.listen,
                     " is beyond loopback: set --tls_cert_file, --tls_key_file and "
                     "--tls_client_ca_file, or listen on 127.0.0.1."));
  }
  // gRPC reports a bad file only at the first handshake. TLS goes by the machine's own clock.
  MESO_RETURN_IF_ERROR(CheckTlsFiles(options.tls, options.identity, SystemClock().Now()));
  grpc::experimental::TlsServerCredentialsOptions credentials(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          options.tls.key_file, options.tls.cert_file, options.tls.ca_file,
          static_cast<unsigned int>(
              std::max<int64_t>(1, absl::ToInt64Seconds(options.tls_refresh)))));
  credentials.watch_root_certs();
  credentials.watch_identity_key_cert_pairs();
  credentials.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(credentials);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    const RpcServerOptions& options, const std::vector<grpc::Service*>& services) {
  MESO_ASSIGN_OR_RETURN(const Reach reach, ReachOf(options.listen));
  MESO_ASSIGN_OR_RETURN(const auto credentials, Credentials(options, reach));

  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(&builder);
  if (reach == Reach::kBeyond && !options.reflection_beyond_loopback) {
    builder.SetOption(std::make_unique<NoReflectionOption>());
  }
  auto server = std::unique_ptr<RpcServer>(new RpcServer);
  builder.AddListeningPort(options.listen, credentials, &server->port_);
  for (grpc::Service* service : services) builder.RegisterService(service);
  if (options.on_unknown) {
    server->unknown_ = std::make_unique<UnknownMethods>(options.on_unknown);
    builder.RegisterCallbackGenericService(server->unknown_.get());
  }
  {
    // A port in use is told below, in one sentence.
    const QuietGrpc quiet;
    server->server_ = builder.BuildAndStart();
  }
  if (!server->server_ || (server->port_ == 0 && !absl::StartsWith(options.listen, "unix:"))) {
    return CannotListen("listen", options.listen);
  }
  if (absl::StartsWith(options.listen, "unix:")) server->port_ = 0;
  server->SetServing(true);
  return server;
}

RpcServer::~RpcServer() { Shutdown(absl::ZeroDuration()); }

void RpcServer::SetServing(bool serving) {
  if (server_) server_->GetHealthCheckService()->SetServingStatus(serving);
}

void RpcServer::Shutdown(absl::Duration grace) {
  if (!server_ || shut_down_) return;
  shut_down_ = true;
  SetServing(false);
  server_->Shutdown(absl::ToChronoTime(SystemClock().Now() + grace));
  server_->Wait();
}

}  // namespace meso
