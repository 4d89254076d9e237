// Scheduling, wired: the only place that names its concrete classes. Used by main and by tests that
// run the real service in their own process.
//
// Create opens and registers everything, Serve begins to answer, the destructor drains. Not
// thread-safe itself; what it serves is.
#ifndef MESO_SERVICES_SCHEDULING_SCHEDULING_APP_H_
#define MESO_SERVICES_SCHEDULING_SCHEDULING_APP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/process/service_process.h"

namespace meso::scheduling {

class SchedulingApp {
 public:
  // `offer_key_file` holds the secret that signs offers, at least 32 bytes. `clock` and `ids` may
  // be nullptr. Errors: those of ServiceProcess::Create; FAILED_PRECONDITION when the key is
  // missing or short.
  static absl::StatusOr<std::unique_ptr<SchedulingApp>> Create(const ProcessConfig& config,
                                                               const std::string& offer_key_file,
                                                               const Clock* clock = nullptr,
                                                               IdSource* ids = nullptr);
  ~SchedulingApp();

  // Errors: those of ServiceProcess::Serve.
  absl::Status Serve();
  ServiceProcess& process();

 private:
  struct Impl;
  explicit SchedulingApp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_SCHEDULING_APP_H_
