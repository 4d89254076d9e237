#include "services/mesoctl/health/admin_port.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/telemetry/admin_server.h"
#include "services/mesoctl/health/connection.h"

namespace meso::mesoctl {
namespace {

constexpr int kAdminPortOffset = 100;
constexpr size_t kPageMax = 8 << 20;

}  // namespace

absl::StatusOr<HttpPage> ReadAdminPage(const std::string& host_and_port, absl::string_view path,
                                       absl::Duration timeout) {
  MESO_ASSIGN_OR_RETURN(const auto connection, Connection::Open(host_and_port, timeout));
  // HTTP/1.0: the answer ends with the connection.
  MESO_RETURN_IF_ERROR(
      connection->Write(absl::StrCat("GET ", path, " HTTP/1.0\r\nHost: localhost\r\n\r\n")));
  MESO_ASSIGN_OR_RETURN(const std::string answer, connection->ReadAll(kPageMax));
  HttpPage page;
  const size_t body = answer.find("\r\n\r\n");
  if (!absl::StartsWith(answer, "HTTP/1.") || body == std::string::npos ||
      !absl::SimpleAtoi(answer.substr(9, 3), &page.status)) {
    return absl::UnavailableError(
        absl::StrCat("what answers at ", host_and_port, " is no admin port"));
  }
  page.body = answer.substr(body + 4);
  return page;
}

std::string DefaultAdminPort(const std::string& address) {
  const auto parts = SplitHostPort(address);
  if (!parts.ok() || !IsLoopbackHost(parts->first)) return "";
  const bool v6 = absl::StrContains(parts->first, ':');
  return absl::StrCat(v6 ? "[" : "", parts->first, v6 ? "]" : "", ":",
                      parts->second + kAdminPortOffset);
}

std::optional<bool> ReachesRedis(absl::string_view metrics) {
  const double up = MetricValue(metrics, "meso_event_bus_up");
  if (up < 0) return std::nullopt;
  return up > 0;
}

double MetricValue(absl::string_view metrics, absl::string_view name) {
  double sum = 0;
  bool found = false;
  for (absl::string_view line : absl::StrSplit(metrics, '\n')) {
    if (!absl::ConsumePrefix(&line, name)) continue;
    if (line.empty() || (line[0] != '{' && line[0] != ' ')) continue;
    double value = 0;
    if (!absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) continue;
    sum += value;
    found = true;
  }
  return found ? sum : -1;
}

absl::Status TryConnect(const std::string& address, absl::Duration timeout) {
  return Connection::Open(address, timeout).status();
}

}  // namespace meso::mesoctl
