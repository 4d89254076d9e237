#include "common/process/service_process.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/audit/audit_client.h"
#include "common/auth/authenticator.h"
#include "common/auth/certificate.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/config/watched_file.h"
#include "common/database/outbox.h"
#include "common/database/sqlite_database.h"
#include "common/events/event_service.h"
#include "common/events/outbox_relay.h"
#include "common/events/pull_feed.h"
#include "common/events/redis_event_bus.h"
#include "common/process/build_info.h"
#include "common/process/clock_watch.h"
#include "common/process/process_journal.h"
#include "common/process/stop_signal.h"
#include "common/rpc/grpc_log.h"
#include "common/rpc/server.h"
#include "common/telemetry/admin_server.h"
#include "common/telemetry/listen_address.h"
#include "generated/shared_migrations.h"

namespace meso {
namespace {

constexpr absl::Duration kShutdownGrace = absl::Seconds(15);
constexpr absl::Duration kCallGrace = absl::Seconds(5);
constexpr absl::Duration kRelayFlush = absl::Seconds(2);
constexpr absl::Duration kReadyWait = absl::Seconds(1);

absl::Duration Uptime() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const ProcessConfig& config,
                                                       const Clock& clock, Metrics& metrics) {
  if (!absl::StartsWith(config.database, "sqlite:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--database=", config.database, ": write sqlite:FILE."));
  }
  SqliteOptions options;
  options.path = std::string(absl::StripPrefix(config.database, "sqlite:"));
  options.clock = &clock;
  auto& groups = metrics.GetCounter("meso_database_commits_total", "Group commits.");
  auto& members = metrics.GetCounter("meso_database_writes_total", "Writes in group commits.");
  auto& held = metrics.GetHistogram("meso_database_writer_held_seconds",
                                    "How long a group held the writer.");
  options.on_group = [&groups, &members, &held](int count, double held_ms) {
    groups.Increment();
    members.Increment(count);
    held.Observe(held_ms / 1000);
  };
  return OpenSqliteDatabase(options);
}

TlsFiles TlsOf(const ProcessConfig& config) {
  return {config.tls_cert_file, config.tls_key_file, config.tls_client_ca_file};
}

// Found out now, not by the first peer that refuses it.
absl::Status CheckOwnToken(const ProcessConfig& config, Authenticator& authenticator) {
  MESO_ASSIGN_OR_RETURN(const std::string token, ReadSecretFile(config.service_token_file));
  const std::string subject = absl::StrCat("services/", config.service);
  const auto principal = authenticator.Authenticate(absl::StrCat("Bearer ", token));
  if (principal.ok() && principal->subject == subject) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "--service_token_file=", config.service_token_file, " is no token this service can use: ",
      principal.ok() ? absl::StrCat("it is that of ", principal->subject, ".")
                     : std::string(principal.status().message()),
      " 'mesoctl admin init' makes ", config.service,
      ".token with the keys of --jwks_file, and renews it."));
}

// What the database says is for callers; at start it is for whoever starts the process.
absl::Status AtStart(const ProcessConfig& config, const absl::Status& status) {
  if (status.code() != absl::StatusCode::kUnavailable &&
      status.code() != absl::StatusCode::kInternal) {
    return status;
  }
  const ErrorDetails details = DetailsOf(status);
  const auto why = details.metadata.find("why");
  return absl::FailedPreconditionError(
      absl::StrCat("The database --database=", config.database, " cannot be used: ",
                   why == details.metadata.end() ? std::string(status.message()) : why->second,
                   ". Nothing was changed; mend that and start again."));
}

// Written beside and renamed: a reader sees the whole line or no file.
absl::Status WritePortFile(const std::string& path, int port, int admin_port) {
  const std::string beside = path + ".new";
  {
    std::ofstream file(beside, std::ios::trunc);
    file << port << " " << admin_port << "\n";
    if (!file.flush()) {
      return absl::FailedPreconditionError(absl::StrCat("Cannot write --port_file=", path, "."));
    }
  }
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("Cannot write --port_file=", path, ": ", error.message(), "."));
}

}  // namespace

// In the order of construction: what is below uses what is above.
struct ServiceProcess::Impl {
  explicit Impl(const ProcessConfig& process_config)
      : config(process_config), system_clock(process_config.clock_offset) {}

  absl::Status Open(const std::vector<Migration>& migrations);
  void OpenJournal();
  absl::Status OpenPeers();
  absl::Status OpenTls();
  absl::Status CheckAddresses() const;
  absl::Status CheckOwnCertificate();
  absl::Status Ready();
  absl::Status StartServer(std::vector<grpc::Service*> services);
  absl::Status WritePorts() const;
  absl::Status StartAdmin();
  void RecordStart();
  void StartBackground();

  const ProcessConfig config;
  const SystemClock system_clock;
  const SystemClock machine_clock;  // TLS goes by the machine's time, whatever --clock_offset says
  const Clock* clock = &system_clock;
  std::unique_ptr<IdSource> own_ids;
  IdSource* ids = nullptr;
  Metrics metrics;
  ClockWatch clock_watch;
  // The TLS files, for what gRPC does not do with them: the admin port and a look at the dates.
  std::unique_ptr<WatchedFile> certificate;
  std::unique_ptr<WatchedFile> key;
  std::unique_ptr<WatchedFile> authority;
  std::unique_ptr<Database> database;
  std::unique_ptr<Authenticator> authenticator;
  std::map<std::string, std::unique_ptr<Peer>> peers;
  std::unique_ptr<CallServer> calls;
  std::unique_ptr<PendingWorkRunner> work;
  std::unique_ptr<OutboxRelay> outbox_relay;
  AuditDelivery audit_delivery;
  std::unique_ptr<AuditRelay> audit_relay;
  std::unique_ptr<ProcessJournal> journal;
  std::function<void()> before_metrics;
  std::vector<std::unique_ptr<Consumer>> consumers;
  std::unique_ptr<EventService> event_service;
  std::unique_ptr<RpcServer> server;
  size_t service_migrations = 0;  // the newest one's number
  std::unique_ptr<AdminServer> admin;
  std::unique_ptr<AdminServer> admin_tls;
  bool serving = false;
  bool stopped = false;
};

absl::Status ServiceProcess::Impl::Open(const std::vector<Migration>& migrations) {
  MESO_ASSIGN_OR_RETURN(authenticator,
                        Authenticator::Create({.jwks_file = config.jwks_file, .clock = clock}));
  MESO_RETURN_IF_ERROR(OpenPeers());
  MESO_RETURN_IF_ERROR(OpenTls());
  MESO_RETURN_IF_ERROR(CheckAddresses());
  absl::StatusOr<std::unique_ptr<Database>> opened = OpenDatabase(config, *clock, metrics);
  if (!opened.ok()) return AtStart(config, opened.status());
  database = *std::move(opened);
  MESO_RETURN_IF_ERROR(AtStart(config, Migrate(*database, config.service, migrations, *ids)));
  service_migrations = migrations.size();
  CallServerOptions options;
  options.service = config.service;
  options.database = database.get();
  options.clock = clock;
  options.ids = ids;
  options.authenticator = authenticator.get();
  options.metrics = &metrics;
  options.pool_threads = std::max(4, 2 * static_cast<int>(std::thread::hardware_concurrency()));
  calls = std::make_unique<CallServer>(options);
  work = std::make_unique<PendingWorkRunner>(*database, *clock);
  OpenJournal();
  outbox_relay = std::make_unique<OutboxRelay>(
      *database, MakeRedisEventBus(config.redis, config.service), &metrics);
  return absl::OkStatus();
}

void ServiceProcess::Impl::OpenJournal() {
  JournalOptions options;
  options.service = config.service;
  options.version = VersionText(ThisBuild());
  options.interval = config.heartbeat;
  options.flags = config.effective_flags;
  options.before_heartbeat = [this] { return calls->RecordHeldBack(); };
  journal = std::make_unique<ProcessJournal>(*database, *clock, std::move(options));
  journal->WatchKeyFile("jwks_file", config.jwks_file, /*secret=*/false);
  journal->WatchKeyFile("service_token_file", config.service_token_file, /*secret=*/true);
  journal->WatchKeyFile("tls_cert_file", config.tls_cert_file, /*secret=*/false);
  journal->WatchKeyFile("tls_key_file", config.tls_key_file, /*secret=*/true);
  journal->WatchKeyFile("tls_client_ca_file", config.tls_client_ca_file, /*secret=*/false);
}

absl::Status ServiceProcess::Impl::OpenPeers() {
  if (!config.service_token_file.empty()) {
    MESO_RETURN_IF_ERROR(CheckOwnToken(config, *authenticator));
  }
  for (const auto& [service, address] : config.peer_addresses) {
    if (service == config.service || address.empty()) continue;
    MESO_RETURN_IF_ERROR(
        CheckPeerAddress(absl::StrCat("--", service, "_address"), address, TlsOf(config)));
    PeerOptions options;
    options.service = service;
    options.address = address;
    options.service_token_file = config.service_token_file;
    options.clock = clock;
    options.tls = TlsOf(config);
    options.tls_refresh = config.tls_refresh;
    peers[service] = std::make_unique<Peer>(std::move(options));
  }
  return absl::OkStatus();
}

// Before the database is touched: a process that may not serve has no business there.
absl::Status ServiceProcess::Impl::OpenTls() {
  if (!config.HasTls()) return absl::OkStatus();
  certificate = std::make_unique<WatchedFile>(config.tls_cert_file, machine_clock);
  key = std::make_unique<WatchedFile>(config.tls_key_file, machine_clock);
  authority = std::make_unique<WatchedFile>(config.tls_client_ca_file, machine_clock);
  MESO_RETURN_IF_ERROR(
      CheckTlsFiles(TlsOf(config), absl::StrCat("services/", config.service), machine_clock.Now()));
  return CheckOwnCertificate();
}

// As above: the other process may be an older one that uses this very database.
absl::Status ServiceProcess::Impl::CheckAddresses() const {
  MESO_RETURN_IF_ERROR(CheckListenAddress("listen", config.listen));
  MESO_RETURN_IF_ERROR(CheckListenAddress("admin_listen", config.admin_listen));
  if (config.admin_tls_listen.empty()) return absl::OkStatus();
  return CheckListenAddress("admin_tls_listen", config.admin_tls_listen);
}

// Also keeps the gauge that warns before it is too late.
absl::Status ServiceProcess::Impl::CheckOwnCertificate() {
  if (!certificate) return absl::OkStatus();
  const auto own = ParseCertificate(certificate->Get()->text);
  if (!own.ok()) return absl::FailedPreconditionError("the TLS certificate cannot be read");
  metrics
      .GetGauge("meso_tls_certificate_expiry_timestamp_seconds",
                "When this process's TLS certificate ends, in seconds since 1970.")
      .Set(static_cast<double>(absl::ToUnixSeconds(own->not_after)));
  if (machine_clock.Now() < own->not_after) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the TLS certificate has expired; deploy/tls/make --renew makes a new one");
}

// Depends on this process alone: a peer or Redis being away is no reason to take it out of
// rotation.
absl::Status ServiceProcess::Impl::Ready() {
  MESO_RETURN_IF_ERROR(CheckOwnCertificate());
  if (clock == &system_clock) MESO_RETURN_IF_ERROR(clock_watch.Check(clock->Now(), Uptime()));
  return database->Read([](Transaction& tx) { return HeadPosition(tx).status(); },
                        clock->Now() + kReadyWait);
}

absl::Status ServiceProcess::Impl::StartServer(std::vector<grpc::Service*> services) {
  event_service = std::make_unique<EventService>(*calls);
  services.push_back(event_service.get());
  RpcServerOptions options;
  options.listen = config.listen;
  options.tls = TlsOf(config);
  options.identity = absl::StrCat("services/", config.service);
  options.tls_refresh = config.tls_refresh;
  options.reflection_beyond_loopback = config.reflection;
  options.on_unknown = [this](const grpc::ServerContextBase& context, const std::string& path) {
    calls->RecordUnknownMethod(context, path);
  };
  MESO_ASSIGN_OR_RETURN(server, RpcServer::Start(options, services));
  return StartAdmin();
}

absl::Status ServiceProcess::Impl::StartAdmin() {
  AdminServerOptions options;
  options.listen = config.admin_listen;
  options.service = config.service;
  options.build_info =
      BuildInfoJson(ThisBuild(), config.service, SharedMigrations().size(), service_migrations);
  options.metrics = &metrics;
  options.ready = [this] { return Ready(); };
  options.before_metrics = [this] {
    (void)CheckOwnCertificate();
    if (before_metrics) before_metrics();
  };
  MESO_ASSIGN_OR_RETURN(admin, AdminServer::Start(options));
  if (config.admin_tls_listen.empty()) return absl::OkStatus();
  options.listen = config.admin_tls_listen;
  options.tls = [this] {
    return AdminTls{certificate->Get()->text, key->Get()->text, authority->Get()->text};
  };
  MESO_ASSIGN_OR_RETURN(admin_tls, AdminServer::Start(options));
  return absl::OkStatus();
}

// Before the first call can be answered. A full disk keeps the process from nothing it could do
// without writing: the journal makes up for it.
void ServiceProcess::Impl::RecordStart() {
  const absl::Status recorded = journal->Start();
  if (recorded.ok()) return;
  Log(Severity::kError, "the start is not in the audit outbox yet",
      {{"why", std::string(recorded.message())}});
}

void ServiceProcess::Impl::StartBackground() {
  journal->Follow();
  outbox_relay->Start();
  if (!audit_delivery && peers.count("audit") > 0) {
    audit_delivery = DeliverToAuditService(*peers.at("audit"));
  }
  if (audit_delivery) {
    AuditRelayOptions options;
    options.metrics = &metrics;
    audit_relay = std::make_unique<AuditRelay>(*database, *clock, audit_delivery, options);
    audit_relay->Start();
  }
  for (const auto& consumer : consumers) consumer->Start();
  work->Start();
}

ServiceProcess::ServiceProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServiceProcess::~ServiceProcess() { Stop(); }

absl::StatusOr<std::unique_ptr<ServiceProcess>> ServiceProcess::Create(
    const ProcessConfig& config, const std::vector<Migration>& migrations, const Clock* clock,
    IdSource* ids) {
  ConfigureLog(config.service, config.log_format, Severity::kInfo);
  RouteGrpcLog();
  auto impl = std::make_unique<Impl>(config);
  if (clock != nullptr) impl->clock = clock;
  impl->own_ids = std::make_unique<Uuid7Source>(*impl->clock);
  impl->ids = ids != nullptr ? ids : impl->own_ids.get();
  MESO_RETURN_IF_ERROR(impl->Open(migrations));
  return std::unique_ptr<ServiceProcess>(new ServiceProcess(std::move(impl)));
}

const ProcessConfig& ServiceProcess::config() const { return impl_->config; }
Database& ServiceProcess::database() { return *impl_->database; }
const Clock& ServiceProcess::clock() const { return *impl_->clock; }
IdSource& ServiceProcess::ids() { return *impl_->ids; }
Metrics& ServiceProcess::metrics() { return impl_->metrics; }
CallServer& ServiceProcess::calls() { return *impl_->calls; }
PendingWorkRunner& ServiceProcess::work() { return *impl_->work; }

const Peer& ServiceProcess::peer(absl::string_view service) {
  const auto it = impl_->peers.find(std::string(service));
  MESO_CHECK(it != impl_->peers.end(), "no address is configured for this peer");
  return *it->second;
}

Consumer& ServiceProcess::Consume(const std::string& source, EventHandlers handlers) {
  MESO_CHECK(!impl_->serving, "Consume comes before Serve");
  ConsumerOptions options;
  options.metrics = &impl_->metrics;
  impl_->consumers.push_back(
      std::make_unique<Consumer>(*impl_->database, *impl_->clock, source, std::move(handlers),
                                 MakeRedisEventFeed(impl_->config.redis, source),
                                 MakePullFeed(peer(source), impl_->config.service), options));
  return *impl_->consumers.back();
}

void ServiceProcess::DeliverAuditWith(AuditDelivery deliver) {
  MESO_CHECK(!impl_->serving, "DeliverAuditWith comes before Serve");
  impl_->audit_delivery = std::move(deliver);
}

void ServiceProcess::WatchKeyFile(const std::string& flag, const std::string& path, bool secret) {
  MESO_CHECK(!impl_->serving, "WatchKeyFile comes before Serve");
  impl_->journal->WatchKeyFile(flag, path, secret);
}

void ServiceProcess::BeforeMetrics(std::function<void()> update) {
  MESO_CHECK(!impl_->serving, "BeforeMetrics comes before Serve");
  impl_->before_metrics = std::move(update);
}

absl::Status ServiceProcess::Impl::WritePorts() const {
  if (config.port_file.empty()) return absl::OkStatus();
  // Whoever reads the file may send SIGTERM at once.
  CatchStopSignals();
  return WritePortFile(config.port_file, server->port(), admin->port());
}

absl::Status ServiceProcess::Serve(std::vector<grpc::Service*> services) {
  MESO_CHECK(!impl_->serving, "Serve is called once");
  impl_->RecordStart();
  absl::Status status = impl_->StartServer(std::move(services));
  if (status.ok()) {
    impl_->serving = true;
    impl_->StartBackground();
    status = impl_->WritePorts();
  }
  if (!status.ok()) {
    // Now, with what it logs: the caller's sentence about the error is to be the last line.
    Stop();
    return status;
  }
  Log(Severity::kInfo, "serving",
      {{"listen", impl_->config.listen},
       {"port", absl::StrCat(port())},
       {"admin_port", absl::StrCat(admin_port())}});
  std::printf("%s serves on port %d, admin port %d\n", impl_->config.service.c_str(), port(),
              admin_port());
  std::fflush(stdout);
  return absl::OkStatus();
}

int ServiceProcess::port() const { return impl_->server ? impl_->server->port() : 0; }
int ServiceProcess::admin_port() const { return impl_->admin ? impl_->admin->port() : 0; }

int ServiceProcess::RunUntilSignal() {
  CatchStopSignals();
  const int signal = WaitForStopSignal();
  Log(Severity::kInfo, "stopping", {{"signal", absl::StrCat(signal)}});
  Stop();
  return 0;
}

void ServiceProcess::Stop() {
  if (impl_->stopped) return;
  impl_->stopped = true;
  if (impl_->server) impl_->server->SetServing(false);
  // Parked polls would hold the shutdown up.
  if (impl_->event_service) impl_->event_service->Stop();
  if (impl_->server) impl_->server->Shutdown(kShutdownGrace);
  impl_->calls->Drain(kCallGrace);
  for (const auto& consumer : impl_->consumers) consumer->Stop();
  impl_->work->Stop();
  if (const absl::Status recorded = impl_->journal->Stop(); !recorded.ok()) {
    Log(Severity::kError, "the stop is not in the audit outbox",
        {{"why", std::string(recorded.message())}});
  }
  impl_->outbox_relay->Stop(kRelayFlush);
  if (impl_->audit_relay) impl_->audit_relay->Stop();
  if (impl_->admin) impl_->admin->Stop();
  if (impl_->admin_tls) impl_->admin_tls->Stop();
  impl_->database->Close();
  Log(Severity::kInfo, "stopped");
}

}  // namespace meso
