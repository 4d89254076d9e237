#include "services/mesoctl/basic_commands.h"

#include "services/mesoctl/call.h"
#include "services/mesoctl/describe.h"
#include "services/mesoctl/error_pages.h"
#include "services/mesoctl/list.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

ExitCode Call(const Invocation& invocation, Session& session) {
  CallCommand command;
  command.method = invocation.Argument(0);
  command.json = invocation.Argument(1);
  command.at = invocation.Get("at");
  command.dry_run = invocation.On("dry-run");
  command.request_id = invocation.Get("request-id");
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail("call", token.status());
  command.token = *token;
  return RunCall(session.client(), session.ids(), command, session.out(), session.err());
}

ExitCode List(const Invocation& invocation, Session& session) {
  return RunList(invocation.Argument(0), session.out(), session.err());
}

ExitCode DescribeOne(const Invocation& invocation, Session& session) {
  const absl::Status status = Describe(invocation.Argument(0), session.output(), session.out());
  return status.ok() ? ExitCode::kOk : session.Fail("describe", status);
}

ExitCode Errors(const Invocation&, Session& session) {
  const absl::Status status = ListErrors(session.output(), session.out());
  return status.ok() ? ExitCode::kOk : session.Fail("errors list", status);
}

ExitCode Explain(const Invocation& invocation, Session& session) {
  const absl::Status status = ExplainError(invocation.Argument(0), session.output(), session.out());
  return status.ok() ? ExitCode::kOk : session.Fail("errors explain", status);
}

ValueKind Names(const char* noun) {
  ValueKind kind;
  kind.of = ValueKind::Of::kNames;
  kind.noun = noun;
  return kind;
}

}  // namespace

std::vector<Command> BasicCommands() {
  return {
      {.path = {"describe"},
       .summary = "Tell what a method, message, service or enum of the API is, offline",
       .details = "With -o json only an example is printed: of a method, its request.",
       .arguments = {{.name = "NAME",
                      .help = "Such as BookAppointment, Lot, inventory.Lot, InventoryService",
                      .kind = Names("describe")}},
       .examples = {"mesoctl describe BookAppointment", "mesoctl describe Lot -o json"},
       .run = DescribeOne,
       .offline = true,
       .reads = true},
      {.path = {"errors", "list"},
       .summary = "List every reason a call can be refused for",
       .examples = {"mesoctl errors list", "mesoctl errors list -o csv --columns reason,meaning"},
       .run = Errors,
       .offline = true,
       .reads = true},
      {.path = {"errors", "explain"},
       .summary = "Tell what a reason means and what to do",
       .arguments = {{.name = "REASON", .help = "Such as SLOT_TAKEN", .kind = Names("errors")}},
       .examples = {"mesoctl errors explain SLOT_TAKEN", "mesoctl errors explain token_expired"},
       .run = Explain,
       .offline = true,
       .reads = true},
      {.path = {"list"},
       .summary = "List methods with the roles that may call them, or one method's fields",
       .arguments = {{.name = "NAME",
                      .help = "A service or a method; without it all methods",
                      .required = false,
                      .kind = Names("methods")}},
       .examples = {"mesoctl list", "mesoctl list inventory"},
       .run = List,
       .offline = true,
       .reads = true},
      {.path = {"call"},
       .summary = "Call any method: request and answer as JSON",
       .details = "A method goes by any of its names: BookAppointment, "
                  "SchedulingService.BookAppointment, scheduling.BookAppointment, "
                  "meso.scheduling.v1.SchedulingService/BookAppointment.",
       .arguments = {{.name = "METHOD",
                      .help =
                          "Such as SchedulingService.BookAppointment; `mesoctl list` shows them",
                      .kind = Names("methods")},
                     {.name = "JSON",
                      .help = "The request; - reads it from standard input, @FILE from a file",
                      .required = false}},
       .flags = {{.name = "at",
                  .value = "SERVICE",
                  .help = "The service to ask, for EventService",
                  .kind = {ValueKind::Of::kWords,
                           {"scheduling", "screening", "inventory", "audit"},
                           ""}}},
       .examples = {"mesoctl call GetSite '{\"name\": \"sites/par-1\"}'",
                    "mesoctl call PullEvents '{\"max_events\": 5}' --at inventory"},
       .run = Call,
       .takes = {"dry-run", "request-id"}},
  };
}

}  // namespace meso::mesoctl
