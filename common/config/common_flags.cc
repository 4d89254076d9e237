// The flags all services share. absl's own --flagfile and --fromenv make files and the environment
// (FLAGS_listen=...) work too.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/config/process_config.h"
#include "common/telemetry/admin_server.h"

ABSL_FLAG(std::string, listen, "",
          "HOST:PORT or unix:PATH to serve gRPC on; default 127.0.0.1 and the service's port; port "
          "0 picks a free one and prints it. Beyond loopback TLS is required.");
ABSL_FLAG(std::string, admin_listen, "",
          "HOST:PORT of the admin HTTP port (/metrics /healthz /readyz /buildinfo), loopback only; "
          "default the service's port + 100.");
ABSL_FLAG(std::string, admin_tls_listen, "",
          "HOST:PORT of the same pages over HTTPS, for clients with a certificate; default none.");
ABSL_FLAG(std::string, database, "",
          "sqlite:FILE; default sqlite:data/<service>.db. The directory is made when missing.");
ABSL_FLAG(std::string, redis, "127.0.0.1:6379",
          "unix:PATH or HOST:PORT of the Redis that speeds events up, or none. Loopback only: what "
          "goes there is not encrypted.");
ABSL_FLAG(std::string, tls_cert_file, "", "PEM certificate chain of this process.");
ABSL_FLAG(std::string, tls_key_file, "", "PEM private key of this process.");
ABSL_FLAG(std::string, tls_client_ca_file, "",
          "PEM certificates that sign the clients', and the other services', certificates.");
ABSL_FLAG(absl::Duration, tls_refresh, absl::Minutes(1),
          "How often the three TLS files are looked at and, when changed, read again; 1s to 1h.");
ABSL_FLAG(
    std::string, jwks_file, "data/jwks.json",
    "JWKS file with the Ed25519 keys that tokens are signed with; read again when it changes.");
ABSL_FLAG(std::string, service_token_file, "",
          "File with this service's own token; read again when it changes. Default "
          "data/<service>.token.");
ABSL_FLAG(std::string, scheduling_address, "127.0.0.1:7101", "Where the scheduling service is.");
ABSL_FLAG(std::string, screening_address, "127.0.0.1:7102", "Where the screening service is.");
ABSL_FLAG(std::string, inventory_address, "127.0.0.1:7103", "Where the inventory service is.");
ABSL_FLAG(std::string, audit_address, "127.0.0.1:7104", "Where the audit service is.");
ABSL_FLAG(std::string, log_format, "json", "json or text, on stderr.");
ABSL_FLAG(absl::Duration, clock_offset, absl::ZeroDuration(),
          "Added to the machine's clock; for tests and demonstrations only.");
ABSL_FLAG(std::string, port_file, "",
          "File to write '<port> <admin port>' to once the process serves.");
ABSL_FLAG(
    absl::Duration, heartbeat, absl::Minutes(1),
    "How often the audit log hears that this process lives and how far its entries have come; "
    "1s to 10m.");
ABSL_FLAG(bool, reflection, false,
          "Serve gRPC reflection also beyond loopback (on loopback it is always there).");

namespace meso {
namespace {

constexpr int kAdminPortOffset = 100;
constexpr absl::Duration kClockOffsetMax = absl::Hours(24 * 366 * 10);
constexpr absl::Duration kTlsRefreshMin = absl::Seconds(1);
constexpr absl::Duration kTlsRefreshMax = absl::Hours(1);

absl::Status Bad(absl::string_view flag, absl::string_view value, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", value, ": ", why));
}

bool IsAddress(const std::string& address) {
  if (absl::StartsWith(address, "unix:")) return address.size() > 5;
  const auto parts = SplitHostPort(address);
  return parts.ok() && !parts->first.empty();
}

bool IsBeyondLoopback(const std::string& address) {
  if (absl::StartsWith(address, "unix:")) return false;
  const auto parts = SplitHostPort(address);
  return parts.ok() && !IsLoopbackHost(parts->first);
}

// The Redis client knows no TLS: whoever is on the way could read events, and write some.
absl::Status CheckRedis(const std::string& address) {
  if (address == "none") return absl::OkStatus();
  if (!IsAddress(address)) return Bad("redis", address, "write unix:PATH, HOST:PORT or none.");
  if (!IsBeyondLoopback(address)) return absl::OkStatus();
  return Bad(
      "redis", address,
      "what goes to Redis is not encrypted, so it must be on this machine: write unix:PATH "
      "or 127.0.0.1:PORT, where a TLS tunnel such as stunnel may lead to a Redis elsewhere.");
}

absl::Status CheckTls(const ProcessConfig& config) {
  const int set = int{!config.tls_cert_file.empty()} + int{!config.tls_key_file.empty()} +
                  int{!config.tls_client_ca_file.empty()};
  if (set != 0 && set != 3) {
    return absl::InvalidArgumentError(
        "--tls_cert_file, --tls_key_file and --tls_client_ca_file belong together: set all three, "
        "or none.");
  }
  if (config.tls_refresh < kTlsRefreshMin || config.tls_refresh > kTlsRefreshMax) {
    return Bad("tls_refresh", absl::FormatDuration(config.tls_refresh), "write 1s to 1h.");
  }
  if (config.HasTls()) return absl::OkStatus();
  if (!config.admin_tls_listen.empty()) {
    return Bad("admin_tls_listen", config.admin_tls_listen,
               "needs --tls_cert_file, --tls_key_file and --tls_client_ca_file.");
  }
  std::vector<std::pair<std::string, std::string>> addresses = {{"listen", config.listen}};
  for (const auto& [service, address] : config.peer_addresses) {
    if (service != config.service) addresses.emplace_back(service + "_address", address);
  }
  for (const auto& [flag, address] : addresses) {
    if (!IsBeyondLoopback(address)) continue;
    return Bad(flag, address,
               "beyond loopback everything goes over TLS: set --tls_cert_file, --tls_key_file and "
               "--tls_client_ca_file (deploy/tls/make makes them), or write 127.0.0.1.");
  }
  return absl::OkStatus();
}

absl::Status CheckAddresses(const ProcessConfig& config) {
  constexpr char kForm[] = "write HOST:PORT, as in 127.0.0.1:7103, or unix:PATH.";
  if (!IsAddress(config.listen)) return Bad("listen", config.listen, kForm);
  const auto admin = SplitHostPort(config.admin_listen);
  if (!admin.ok() || !IsLoopbackHost(admin->first)) {
    return Bad("admin_listen", config.admin_listen,
               "this admin port is for loopback only; write 127.0.0.1:PORT, and use "
               "--admin_tls_listen beyond.");
  }
  if (!config.admin_tls_listen.empty() && !SplitHostPort(config.admin_tls_listen).ok()) {
    return Bad("admin_tls_listen", config.admin_tls_listen, "write HOST:PORT, as in 0.0.0.0:7303.");
  }
  if (const absl::Status status = CheckRedis(config.redis); !status.ok()) return status;
  for (const auto& [service, address] : config.peer_addresses) {
    if (!IsAddress(address)) return Bad(absl::StrCat(service, "_address"), address, kForm);
  }
  if (!absl::StartsWith(config.database, "sqlite:") || config.database == "sqlite:") {
    return Bad("database", config.database, "write sqlite:FILE, as in sqlite:data/inventory.db.");
  }
  return absl::OkStatus();
}

// The program's own flags; of a file with flags what it sets, not where it is.
std::map<std::string, std::string> EffectiveFlags() {
  std::map<std::string, std::string> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    const bool ours = absl::StrContains(flag->Filename(), "services/") ||
                      absl::StrContains(flag->Filename(), "common/config/");
    if (ours && name != "port_file") flags[std::string(name)] = flag->CurrentValue();
  }
  return flags;
}

std::string OrDefault(std::string value, std::string otherwise) {
  return value.empty() ? otherwise : value;
}

}  // namespace

absl::StatusOr<ProcessConfig> ConfigFromFlags(absl::string_view service, int default_port) {
  ProcessConfig config;
  config.service = std::string(service);
  config.listen = OrDefault(absl::GetFlag(FLAGS_listen), absl::StrCat("127.0.0.1:", default_port));
  config.admin_listen = OrDefault(absl::GetFlag(FLAGS_admin_listen),
                                  absl::StrCat("127.0.0.1:", default_port + kAdminPortOffset));
  config.admin_tls_listen = absl::GetFlag(FLAGS_admin_tls_listen);
  config.database =
      OrDefault(absl::GetFlag(FLAGS_database), absl::StrCat("sqlite:data/", service, ".db"));
  config.redis = OrDefault(absl::GetFlag(FLAGS_redis), "none");
  config.tls_cert_file = absl::GetFlag(FLAGS_tls_cert_file);
  config.tls_key_file = absl::GetFlag(FLAGS_tls_key_file);
  config.tls_client_ca_file = absl::GetFlag(FLAGS_tls_client_ca_file);
  config.tls_refresh = absl::GetFlag(FLAGS_tls_refresh);
  config.jwks_file = absl::GetFlag(FLAGS_jwks_file);
  config.service_token_file =
      OrDefault(absl::GetFlag(FLAGS_service_token_file), absl::StrCat("data/", service, ".token"));
  config.peer_addresses = {{"scheduling", absl::GetFlag(FLAGS_scheduling_address)},
                           {"screening", absl::GetFlag(FLAGS_screening_address)},
                           {"inventory", absl::GetFlag(FLAGS_inventory_address)},
                           {"audit", absl::GetFlag(FLAGS_audit_address)}};
  config.clock_offset = absl::GetFlag(FLAGS_clock_offset);
  config.port_file = absl::GetFlag(FLAGS_port_file);
  config.reflection = absl::GetFlag(FLAGS_reflection);
  config.heartbeat = absl::GetFlag(FLAGS_heartbeat);
  config.effective_flags = EffectiveFlags();
  const std::string format = absl::GetFlag(FLAGS_log_format);
  if (format != "json" && format != "text") return Bad("log_format", format, "is json or text.");
  config.log_format = format == "json" ? LogFormat::kJson : LogFormat::kText;
  if (absl::AbsDuration(config.clock_offset) > kClockOffsetMax) {
    return Bad("clock_offset", absl::FormatDuration(config.clock_offset), "at most 10 years.");
  }
  if (config.heartbeat < absl::Seconds(1) || config.heartbeat > absl::Minutes(10)) {
    return Bad("heartbeat", absl::FormatDuration(config.heartbeat), "write 1s to 10m.");
  }
  if (const absl::Status status = CheckAddresses(config); !status.ok()) return status;
  if (const absl::Status status = CheckTls(config); !status.ok()) return status;
  return config;
}

}  // namespace meso
