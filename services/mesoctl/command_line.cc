#include "services/mesoctl/command_line.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/mesoctl/admin_commands.h"
#include "services/mesoctl/api/api_run.h"
#include "services/mesoctl/api/events_tail.h"
#include "services/mesoctl/audit_file_commands.h"
#include "services/mesoctl/basic_commands.h"
#include "services/mesoctl/cli/help_page.h"
#include "services/mesoctl/completion.h"
#include "services/mesoctl/contexts.h"
#include "services/mesoctl/demo_commands.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/health/doctor_command.h"
#include "services/mesoctl/health/status_command.h"
#include "services/mesoctl/stock_file_commands.h"
#include "services/mesoctl/witness_commands.h"

namespace meso::mesoctl {
namespace {

void Add(std::vector<Command> commands, CommandSet& set) {
  for (Command& command : commands) set.commands.push_back(std::move(command));
}

CommandSet MakeCommands() {
  CommandSet set;
  set.global_flags = GlobalFlags();
  set.groups = {
      {{},
       "The command line of Meso",
       {"mesoctl status", "mesoctl appointments list --site par-1"}},
      {{"errors"},
       "The reasons a call can be refused for, offline",
       {"mesoctl errors list", "mesoctl errors explain SLOT_TAKEN"}},
      {{"events"},
       "What happened, as the services publish it",
       {"mesoctl events tail --limit 5",
        "mesoctl events tail --from scheduling --limit 1 -o json"}},
      {{"context"},
       "Named settings in a file: addresses, token, TLS files",
       {"mesoctl context set demo --site par-1", "mesoctl context list"}},
      {{"admin"},
       "Keys and tokens, offline",
       {"mesoctl admin init keys", "mesoctl admin grants $MESO_TOKEN_FILE"}},
      {{"admin", "log-key"},
       "The audit log's key, offline",
       {"mesoctl admin init keys-7 && mesoctl admin log-key rotate --keys keys-7",
        "mesoctl admin init keys-8 --log_name my-clinics && mesoctl admin log-key rotate --keys "
        "keys-8"}},
      {{"audit", "witness"},
       "A witness of the audit log",
       {"mesoctl audit witness run --key witness.key --state witness --log_key "
        "$MESO_KEYS/audit-log.pub --trust_first --once",
        "mesoctl audit checkpoint --save first.note && mesoctl audit witness run --key witness.key "
        "--state witness-2 --log_key $MESO_KEYS/audit-log.pub --checkpoint first.note --once"}},
      {{"demo"},
       "The demo chain: load it, play its story",
       {"mesoctl demo load --tokens tokens --chain small",
        "mesoctl demo play --tokens tokens --exports exports"}},
  };
  for (CommandGroup& group : TableGroups()) set.groups.push_back(std::move(group));
  Add(HealthStatusCommands(), set);
  Add(DoctorCommands(), set);
  Add(TableCommands(), set);
  Add(AuditFileCommands(), set);
  Add(WitnessCommands(), set);
  Add(StockFileCommands(), set);
  Add(EventsCommands(), set);
  Add(BasicCommands(), set);
  Add(ContextCommands(), set);
  Add(AdminCommands(), set);
  Add(DemoCommands(), set);
  Add(CompletionCommands(), set);
  return set;
}

ExitCode Misused(const Streams& streams, const absl::Status& status) {
  *streams.err << "mesoctl: " << status.message() << "\n";
  return ExitCode::kUsage;
}

// The settings of the context that --context, MESO_CONTEXT or the file itself names.
absl::StatusOr<Settings> ContextSettings(const Environment& environment,
                                         const Invocation& invocation) {
  const absl::StatusOr<Contexts> contexts = ReadContexts(ContextsPath(environment));
  if (!contexts.ok()) return contexts.status();
  std::string name = invocation.Get("context");
  if (const auto variable = environment("MESO_CONTEXT"); name.empty() && variable) name = *variable;
  return SettingsOf(*contexts, name);
}

}  // namespace

const CommandSet& AllCommands() {
  static const CommandSet& set = *new CommandSet(MakeCommands());
  return set;
}

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

ExitCode RunCommandLine(const std::vector<std::string>& words, const Environment& environment,
                        const Streams& streams) {
  const CommandSet& set = AllCommands();
  if (words.empty()) {
    *streams.err << HelpPage(set, {});
    return ExitCode::kUsage;
  }
  absl::StatusOr<Invocation> invocation = ParseCommandLine(set, words);
  if (!invocation.ok()) return Misused(streams, invocation.status());
  if (invocation->help) {
    *streams.out << HelpPage(set, invocation->path);
    return ExitCode::kOk;
  }
  // What takes nothing from a context works without one that can be read.
  Settings settings;
  if (!invocation->command->offline && !invocation->command->hidden) {
    absl::StatusOr<Settings> read = ContextSettings(environment, *invocation);
    if (!read.ok()) {
      *streams.err << RenderError("context", read.status()) << "\n";
      return ExitCode::kUsage;
    }
    settings = *std::move(read);
  }
  ApplyDefaults(set, environment, settings, &*invocation);
  if (const absl::Status complete = CheckComplete(*invocation); !complete.ok()) {
    return Misused(streams, complete);
  }
  absl::StatusOr<std::unique_ptr<Session>> session =
      Session::Create(set, environment, streams, *invocation);
  if (!session.ok()) {
    *streams.err << RenderError("flags", session.status()) << "\n";
    return ExitCode::kUsage;
  }
  return invocation->command->run(*invocation, **session);
}

ExitCode RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Streams streams;
  streams.in = &std::cin;
  streams.out = &out;
  streams.err = &err;
  return RunCommandLine(std::vector<std::string>(argv + 1, argv + argc), ProcessEnvironment(),
                        streams);
}

}  // namespace meso::mesoctl
