// What all four services start with: database and migrations, identity and keys, the call server,
// peers, event relay and consumers, audit relay, pending work, admin port, signals.
//
// A service's *_app creates one, takes the pieces it needs, registers consumers and pending-work
// handlers, and hands its gRPC services to Serve. Integration tests do the same in one process on
// port 0. Start and stop are audit entries, and so are the heartbeats between (process_journal.h).
// Order at stop: NOT_SERVING, server shutdown, call pools, consumers, pending work, the journal's
// last entries, relays flushed, database closed.
#ifndef MESO_COMMON_PROCESS_SERVICE_PROCESS_H_
#define MESO_COMMON_PROCESS_SERVICE_PROCESS_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/audit/audit_relay.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/config/process_config.h"
#include "common/database/database.h"
#include "common/database/migrator.h"
#include "common/events/consumer.h"
#include "common/rpc/channel.h"
#include "common/rpc/serve_call.h"
#include "common/telemetry/metrics.h"
#include "common/work/pending_work.h"

namespace meso {

class ServiceProcess {
 public:
  // Opens everything but serves nothing yet. `clock` may be nullptr (the system's clock plus
  // config.clock_offset); so may `ids`. Errors: one clear sentence each (address in use, missing
  // key file, newer database); the database is looked at last.
  static absl::StatusOr<std::unique_ptr<ServiceProcess>> Create(
      const ProcessConfig& config, const std::vector<Migration>& migrations,
      const Clock* clock = nullptr, IdSource* ids = nullptr);
  ~ServiceProcess();  // Stop()

  const ProcessConfig& config() const;
  Database& database();
  const Clock& clock() const;
  IdSource& ids();
  Metrics& metrics();
  CallServer& calls();
  PendingWorkRunner& work();
  // The channel to another service; the address comes from the configuration.
  const Peer& peer(absl::string_view service);

  // Follows another service's events. Before Serve. The reference lives as long as the process
  // object.
  Consumer& Consume(const std::string& source, EventHandlers handlers);

  // The audit service delivers its own entries to itself instead of over gRPC: replaces the audit
  // relay's target. Before Serve.
  void DeliverAuditWith(AuditDelivery deliver);

  // A key file of the service's own: that it changed is an audit entry, with the digest of its
  // content unless it is secret. Before Serve.
  void WatchKeyFile(const std::string& flag, const std::string& path, bool secret);
  // Runs before /metrics is read: for gauges that go on by themselves. Before Serve.
  void BeforeMetrics(std::function<void()> update);

  // Binds, serves (EventService, health and reflection are added), starts relays, consumers and
  // pending work, opens the admin port. Errors, after which it is stopped: FAILED_PRECONDITION
  // naming the address when it was taken meanwhile, or when it is beyond loopback without TLS. The
  // services outlive Stop().
  absl::Status Serve(std::vector<grpc::Service*> services);
  int port() const;
  int admin_port() const;

  // Blocks until SIGTERM or SIGINT, then Stop(). Returns the exit code.
  int RunUntilSignal();
  // Drains within 30 s; idempotent.
  void Stop();

 private:
  struct Impl;
  explicit ServiceProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_PROCESS_SERVICE_PROCESS_H_
