#include "services/mesoctl/health/status_command.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/process/build_info.h"
#include "services/mesoctl/cli/spinner.h"
#include "services/mesoctl/cli/table_output.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/health/admin_port.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

constexpr absl::Duration kPageTimeout = absl::Seconds(2);

struct ServiceState {
  std::string ready;    // yes, no, or why nobody knows
  std::string version;  // "0.3.0 (1a2b3c4)"
  std::string events_behind;
  std::string audit_waiting;
  std::string redis;  // up, away
  absl::Status problem;
};

std::string ShortVersion(const std::string& json) {
  google::protobuf::Struct info;
  if (!google::protobuf::util::JsonStringToMessage(json, &info).ok()) return "";
  const auto text = [&](const char* name) {
    const auto found = info.fields().find(name);
    return found == info.fields().end() ? "" : found->second.string_value();
  };
  const std::string revision = text("revision").substr(0, 8);
  return absl::StrCat(text("version"), revision.empty() ? "" : absl::StrCat(" (", revision, ")"));
}

std::string Count(absl::string_view metrics, absl::string_view name) {
  const double value = MetricValue(metrics, name);
  return value < 0 ? "" : absl::StrFormat("%.0f", value);
}

// What only the admin port knows; it is asked on this machine only.
void ReadAdminPort(const std::string& admin, ServiceState& state) {
  if (admin.empty()) return;
  if (const auto ready = ReadAdminPage(admin, "/readyz", kPageTimeout); ready.ok()) {
    if (ready->status != 200 && state.ready == "yes") {
      state.ready = "no";
      state.problem = absl::UnavailableError("not ready");
    }
  }
  if (const auto build = ReadAdminPage(admin, "/buildinfo", kPageTimeout); build.ok()) {
    state.version = ShortVersion(build->body);
  }
  if (const auto metrics = ReadAdminPage(admin, "/metrics", kPageTimeout); metrics.ok()) {
    state.events_behind = Count(metrics->body, "meso_event_lag");
    state.audit_waiting = Count(metrics->body, "meso_audit_outbox_waiting");
    if (const auto redis = ReachesRedis(metrics->body); redis) state.redis = *redis ? "up" : "away";
  }
}

ServiceState LookAt(Session& session, const std::string& service, const std::string& admin) {
  ServiceState state;
  const absl::StatusOr<bool> serving = session.client().IsServing(service);
  if (!serving.ok()) {
    state.ready = "no answer";
    state.problem = serving.status();
  } else if (!*serving) {
    state.ready = "no";
    state.problem = absl::UnavailableError("not serving");
  } else {
    state.ready = "yes";
  }
  ReadAdminPort(admin.empty() ? DefaultAdminPort(session.suite().addresses.at(service)) : admin,
                state);
  return state;
}

ExitCode ShowStatus(const Invocation& invocation, Session& session) {
  TextTable table = {
      {"service", "address", "ready", "version", "events_behind", "audit_waiting", "redis"}, {}};
  std::vector<std::string> without_redis;
  absl::Status problem;
  {
    Spinner spinner(session.err(), session.terminal().err_animated, "looking...");
    for (const char* service : kServiceNames) {
      const ServiceState state =
          LookAt(session, service, invocation.Get(absl::StrCat(service, "_admin")));
      table.rows.push_back({service, session.suite().addresses.at(service), state.ready,
                            state.version, state.events_behind, state.audit_waiting, state.redis});
      if (state.redis == "away") without_redis.emplace_back(service);
      if (problem.ok()) problem = state.problem;
    }
  }
  const absl::Status printed = PrintTable(table, "service", session.output(), session.out());
  if (!printed.ok()) return session.Fail("status", printed);
  if (!without_redis.empty()) {
    session.err() << absl::StrJoin(without_redis, ", ")
                  << (without_redis.size() == 1 ? " does" : " do")
                  << " not reach Redis: everything works without it, only slower; `mesoctl doctor` "
                     "says what to do\n";
  }
  if (problem.ok()) return ExitCode::kOk;
  session.err() << "not all is well; `mesoctl doctor` says why and what to do\n";
  return ExitCode::kUnavailable;
}

ExitCode ShowVersion(const Invocation&, Session& session) {
  const BuildFacts& facts = ThisBuild();
  const TextTable table = {{"version", "revision", "build_type", "compiler"},
                           {{facts.version, facts.revision, facts.build_type, facts.compiler}}};
  const absl::Status printed = PrintTable(table, "version", session.output(), session.out());
  return printed.ok() ? ExitCode::kOk : session.Fail("version", printed);
}

}  // namespace

std::vector<Command> HealthStatusCommands() {
  return {
      {.path = {"status"},
       .summary = "Tell whether the four services are ready, their versions, and how far behind",
       .details = "events_behind: events of others that have no effect here yet. audit_waiting: "
                  "entries the audit log does not hold yet. redis: whether the service reaches it; "
                  "without it everything works, only slower. These and the version come from the "
                  "admin ports, which are asked on this machine only.",
       .flags = AdminPortFlags(),
       .examples = {"mesoctl status", "mesoctl status -o json"},
       .run = ShowStatus,
       .reads = true},
      {.path = {"version"},
       .summary = "Tell what this program was built from",
       .examples = {"mesoctl version", "mesoctl version -o name"},
       .run = ShowVersion,
       .offline = true,
       .reads = true},
  };
}

}  // namespace meso::mesoctl
