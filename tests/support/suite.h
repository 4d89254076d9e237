// The whole suite as a user runs it: four service processes, a real redis-server, keys made by
// mesoctl, unix sockets instead of ports, everything below one temporary directory.
//
// Processes can be started with failpoints, killed and restarted one by one. Calls go over the wire
// with real tokens. One Suite per test (or fixture); not thread-safe except Call and Token.
#ifndef MESO_TESTS_SUPPORT_SUITE_H_
#define MESO_TESTS_SUPPORT_SUITE_H_

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/status_to_grpc.h"
#include "tests/support/child_process.h"

namespace meso {

class Suite {
 public:
  // Makes keys and directories; starts nothing yet. `services` are those StartAll starts.
  Suite();
  ~Suite();

  // Redis, then the four services; waits until each is ready.
  void StartAll();
  // `failpoints` is the MESO_FAILPOINTS script for this start; `extra_flags` are appended.
  void Start(const std::string& service, const std::string& failpoints = "",
             const std::vector<std::string>& extra_flags = {});
  // Added to the environment of every service started from now on.
  void SetEnvironment(std::map<std::string, std::string> environment) {
    environment_ = std::move(environment);
  }
  void Kill(const std::string& service);
  // SIGTERM; returns the exit code.
  int Terminate(const std::string& service);
  bool Running(const std::string& service);
  // Waits until the process has ended by itself (a kill failpoint).
  void WaitForDeath(const std::string& service);
  pid_t Pid(const std::string& service);

  void StartRedis();
  void StopRedis();                // SIGTERM
  void KillRedis(bool with_data);  // SIGKILL; with_data also removes what it had stored

  const std::string& dir() const { return dir_.path(); }
  std::string Socket(const std::string& service) const;
  std::string Log(const std::string& service) const;  // the file's contents
  int AdminPort(const std::string& service) const;
  std::string Binary(const std::string& name) const;
  std::string KeyFile(
      const std::string& name) const;  // below the directory `mesoctl admin init` made

  std::shared_ptr<grpc::Channel> Channel(const std::string& service);
  // A token with these roles ("front_desk@par-1", "chain_admin@*"), made once per combination.
  std::string Token(const std::string& subject, const std::vector<std::string>& roles);

  // One unary call with a deadline of 20 s; OVERLOADED is retried by its RetryInfo. UNAVAILABLE
  // while a process restarts is returned as it is. `token` empty = none.
  template <typename Service, typename Request, typename Response>
  absl::Status Call(typename Service::Stub& stub,
                    grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const std::string& token, const Request& request, Response* response) {
    for (int attempt = 0;; ++attempt) {
      grpc::ClientContext context;
      Prepare(token, context);
      const absl::Status status = GrpcToStatus((stub.*method)(&context, request, response));
      if (status.code() != absl::StatusCode::kResourceExhausted || attempt >= 200) return status;
      PauseBetweenLooks();
    }
  }

 private:
  static void Prepare(const std::string& token, grpc::ClientContext& context);
  std::vector<std::string> Flags(const std::string& service) const;

  TempDir dir_;
  std::map<std::string, std::string> environment_;
  std::map<std::string, std::unique_ptr<ChildProcess>> processes_;
  ChildProcess redis_;
  absl::Mutex mutex_;
  std::map<std::string, std::string> tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_SUITE_H_
