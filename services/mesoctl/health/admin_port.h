// Reads a page of a service's admin port: /readyz, /buildinfo, /metrics. Plain HTTP on loopback
// only; a remote service's admin port is not asked.
#ifndef MESO_SERVICES_MESOCTL_HEALTH_ADMIN_PORT_H_
#define MESO_SERVICES_MESOCTL_HEALTH_ADMIN_PORT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

struct HttpPage {
  int status = 0;
  std::string body;
};

// Errors: UNAVAILABLE when nothing answers there within the time.
absl::StatusOr<HttpPage> ReadAdminPage(const std::string& host_and_port, absl::string_view path,
                                       absl::Duration timeout);

// Where a service's admin port is when nobody says otherwise: its port + 100 on loopback; "" for
// any other address.
std::string DefaultAdminPort(const std::string& address);

// Whether the service reaches the Redis it was told of; nullopt when it was told of none, or its
// metrics don't say.
std::optional<bool> ReachesRedis(absl::string_view metrics);

// The value of a metric in Prometheus' text form, summed over its labels; -1 when it is not there.
double MetricValue(absl::string_view metrics, absl::string_view name);

// Whether something accepts connections at HOST:PORT or unix:PATH. Errors: UNAVAILABLE with the
// system's reason ("connection refused", "unknown host").
absl::Status TryConnect(const std::string& address, absl::Duration timeout);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_HEALTH_ADMIN_PORT_H_
