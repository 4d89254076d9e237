#include "common/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/config/process_config.h"
#include "common/telemetry/admin_server.h"

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
constexpr int kCertificateRefreshSeconds = 60;

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

absl::StatusOr<bool> IsLocal(const std::string& listen) {
  if (absl::StartsWith(listen, "unix:")) return true;
  const auto address = SplitHostPort(listen);
  if (!address.ok()) {
    return absl::FailedPreconditionError(absl::StrCat("--listen: ", address.status().message()));
  }
  return IsLoopbackHost(address->first);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(
    const RpcServerOptions& options, bool local) {
  const bool tls = !options.tls_cert_file.empty() && !options.tls_key_file.empty() &&
                   !options.tls_client_ca_file.empty();
  if (!tls) {
    if (local) return grpc::InsecureServerCredentials();
    return absl::FailedPreconditionError(
        absl::StrCat("--listen=", options.listen,
                     " is beyond loopback: set --tls_cert_file, --tls_key_file and "
                     "--tls_client_ca_file, or listen on 127.0.0.1."));
  }
  // gRPC reports an unreadable file only at the first handshake.
  for (const std::string& file :
       {options.tls_cert_file, options.tls_key_file, options.tls_client_ca_file}) {
    if (const auto contents = ReadSecretFile(file); !contents.ok()) return contents.status();
  }
  grpc::experimental::TlsServerCredentialsOptions credentials(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          options.tls_key_file, options.tls_cert_file, options.tls_client_ca_file,
          kCertificateRefreshSeconds));
  credentials.watch_root_certs();
  credentials.watch_identity_key_cert_pairs();
  credentials.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(credentials);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    const RpcServerOptions& options, const std::vector<grpc::Service*>& services) {
  const absl::StatusOr<bool> local = IsLocal(options.listen);
  if (!local.ok()) return local.status();
  const auto credentials = Credentials(options, *local);
  if (!credentials.ok()) return credentials.status();

  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(&builder);
  if (!*local && !options.reflection_beyond_loopback) {
    builder.SetOption(std::make_unique<NoReflectionOption>());
  }
  auto server = std::unique_ptr<RpcServer>(new RpcServer);
  builder.AddListeningPort(options.listen, *credentials, &server->port_);
  for (grpc::Service* service : services) builder.RegisterService(service);
  server->server_ = builder.BuildAndStart();
  if (!server->server_ || (server->port_ == 0 && !absl::StartsWith(options.listen, "unix:"))) {
    return absl::FailedPreconditionError(
        absl::StrCat("Cannot listen on --listen=", options.listen,
                     ": the address is in use or not of this machine. Stop the other process, or "
                     "choose another port."));
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
