#include "services/mesoctl/demo_commands.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/mesoctl/demo_load.h"
#include "services/mesoctl/demo_reset.h"
#include "services/mesoctl/demo_story.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

DemoOptions OptionsOf(const Invocation& invocation) {
  DemoOptions options;
  options.keys_dir = invocation.Get("keys");
  options.data_dir = invocation.Get("data");
  options.tokens_dir = invocation.Get("tokens");
  options.exports_dir = invocation.Get("exports");
  return options;
}

ExitCode Load(const Invocation& invocation, Session& session) {
  DemoOptions options = OptionsOf(invocation);
  options.chain = invocation.Get("chain");
  options.start_date = invocation.Get("start_date");
  if (!absl::SimpleAtoi(invocation.Get("seed"), &options.seed)) {
    return session.Fail("demo load", absl::InvalidArgumentError(absl::StrCat(
                                         "--seed=", invocation.Get("seed"),
                                         " is no whole number; write one of 0 or more")));
  }
  return LoadDemo(session.client(), session.clock(), options, session.terminal(), session.out(),
                  session.err());
}

ExitCode Play(const Invocation& invocation, Session& session) {
  return PlayDemo(session.client(), session.clock(), session.ids(), OptionsOf(invocation),
                  session.terminal(), session.out(), session.err());
}

ExitCode Reset(const Invocation& invocation, Session& session) {
  const bool dry_run = invocation.On("dry-run");
  const std::string dir = invocation.Get("state");
  const absl::StatusOr<std::vector<std::string>> removed = ResetDemo(dir, dry_run);
  if (!removed.ok()) return session.Fail("demo reset", removed.status());
  for (const std::string& path : *removed) session.out() << path << "\n";
  if (removed->empty()) {
    session.err() << "there is no demo in " << dir << ", so there is nothing to remove\n";
  } else if (dry_run) {
    session.err() << "dry run: nothing was removed; without --dry-run these would be\n";
  } else {
    session.err() << "the demo in " << dir
                  << " is removed, its keys, data and audit log included; deploy/up makes a new "
                     "one\n";
  }
  return ExitCode::kOk;
}

std::vector<Flag> CommonFlags() {
  return {KeysFlag(true),
          {.name = "data",
           .value = "DIR",
           .help = "The chain as data",
           .env = {"MESO_DEMO_DATA"},
           .fallback = "deploy/demo",
           .kind = Files()},
          {.name = "tokens",
           .value = "DIR",
           .help = "Directory for the tokens of the chain's people",
           .required = true,
           .kind = Files()}};
}

std::vector<Flag> LoadFlags() {
  std::vector<Flag> flags = CommonFlags();
  flags.push_back({.name = "chain",
                   .value = "SIZE",
                   .help = "5 sites and 300 patients, or 2 sites",
                   .fallback = "full",
                   .kind = {ValueKind::Of::kWords, {"full", "small"}, ""}});
  flags.push_back({.name = "seed",
                   .value = "N",
                   .help = "Of the dice that invent patients and sessions",
                   .fallback = "1"});
  flags.push_back({.name = "start_date",
                   .value = "YYYY-MM-DD",
                   .help = "Default: today, or that of a load of the last 6 days"});
  return flags;
}

std::vector<Flag> PlayFlags() {
  std::vector<Flag> flags = CommonFlags();
  flags.push_back({.name = "exports",
                   .value = "DIR",
                   .help = "Directory for the exported bundle",
                   .required = true,
                   .kind = Files()});
  return flags;
}

}  // namespace

std::vector<Command> DemoCommands() {
  return {
      {.path = {"demo", "load"},
       .summary = "Load the chain through the API; repeatable",
       .flags = LoadFlags(),
       .examples = {"mesoctl demo load --keys $MESO_KEYS --tokens tokens --chain small",
                    "mesoctl demo load --tokens tokens --chain small --seed 1"},
       .run = Load},
      {.path = {"demo", "play"},
       .summary = "Play the life of a treatment, checking every step",
       .flags = PlayFlags(),
       .examples = {"mesoctl demo play --keys $MESO_KEYS --tokens tokens --exports exports",
                    "mesoctl demo play --tokens tokens --exports exports --timeout 20s"},
       .run = Play},
      {.path = {"demo", "reset"},
       .summary = "Remove the demo that deploy/up has left, to begin anew",
       .details =
           "No API empties an audit log or a stock ledger, so a new demo has new databases and "
           "keys. Removed is what `deploy/up --reset` removes: keys, data, log, redis, run, "
           "exports, tokens and pids below DIR, if its audit log is named meso-demo and "
           "nobody uses it. In containers `docker-compose down --volumes` does it.",
       .flags = {{.name = "state",
                  .value = "DIR",
                  .help = "The state directory of deploy/up, there by default ~/.local/state/meso",
                  .env = {"MESO_STATE"},
                  .required = true,
                  .kind = Files()}},
       .examples = {"mesoctl demo reset --state $MESO_STATE --dry-run",
                    "mesoctl demo reset --state $MESO_STATE"},
       .run = Reset,
       .offline = true,
       .takes = {"dry-run"}},
  };
}

}  // namespace meso::mesoctl
