// The small HTTP port for whoever operates a process: /metrics, /healthz, /readyz, /buildinfo.
//
// Plain HTTP without authentication on loopback; HTTPS, only for clients with a certificate of the
// authority, anywhere. It shows no patient data and changes nothing. /healthz
// says that the process answers, /readyz that it may be given work: that depends on the process's
// own database only, so that one service's trouble does not take the others out of rotation.
// Thread-safe; has its own threads.
#ifndef MESO_COMMON_TELEMETRY_ADMIN_SERVER_H_
#define MESO_COMMON_TELEMETRY_ADMIN_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/telemetry/metrics.h"

namespace meso {

// PEM texts: certificate chain, its key, whom to trust.
struct AdminTls {
  std::string certificate;
  std::string key;
  std::string authority;
};

struct AdminServerOptions {
  std::string listen;  // 127.0.0.1:7203, [::1]:0; port 0 picks a free one
  std::string service;
  std::string build_info;  // the JSON object of /buildinfo
  const Metrics* metrics = nullptr;
  // OK = ready. Called on every /readyz; may wait at most about a second.
  std::function<absl::Status()> ready;
  // Called before every /metrics, to bring gauges up to date; may be empty.
  std::function<void()> before_metrics;
  // Makes it HTTPS. Asked at every handshake, so that a changed file counts from the next one.
  std::function<AdminTls()> tls;
};

class AdminServer {
 public:
  // Binds and serves. Errors: FAILED_PRECONDITION when the address is malformed, in use, or beyond
  // loopback without TLS.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const AdminServerOptions& options);
  ~AdminServer();  // Stop()

  int port() const;
  // Ends the threads; idempotent.
  void Stop();

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// "127.0.0.1:7103" or "[::1]:7103" in two parts. Errors: INVALID_ARGUMENT.
absl::StatusOr<std::pair<std::string, int>> SplitHostPort(const std::string& address);

// True for 127.0.0.0/8, ::1 and "localhost".
bool IsLoopbackHost(const std::string& host);

}  // namespace meso

#endif  // MESO_COMMON_TELEMETRY_ADMIN_SERVER_H_
