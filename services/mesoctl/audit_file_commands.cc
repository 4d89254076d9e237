#include "services/mesoctl/audit_file_commands.h"

#include <functional>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/audit_commands.h"
#include "services/mesoctl/cli/spinner.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

// An export may be long: it gets more time than a call unless --timeout says otherwise.
constexpr absl::Duration kExportTimeout = absl::Minutes(10);

// Runs `fetch` with the caller's token while something moves on the screen.
ExitCode FetchBundle(
    absl::string_view verb, absl::string_view doing, Session& session,
    const std::function<ExitCode(const std::string& token, std::ostream& notes)>& fetch) {
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail(verb, token.status());
  if (!session.timeout_given()) session.set_timeout(kExportTimeout);
  std::ostringstream notes;
  ExitCode code = ExitCode::kOk;
  {
    Spinner spinner(session.err(), session.terminal().err_animated, std::string(doing));
    code = fetch(*token, notes);
  }
  session.err() << notes.str();
  return code;
}

// Of a flag that may be left out; what is wrong with it is told.
absl::StatusOr<int> NumberOr(const Invocation& invocation, absl::string_view flag, int otherwise) {
  const std::string text = invocation.Get(flag);
  int number = otherwise;
  if (text.empty() || (absl::SimpleAtoi(text, &number) && number >= 0)) return number;
  return absl::InvalidArgumentError(absl::StrCat("--", absl::StrReplaceAll(flag, {{"_", "-"}}),
                                                 ": ", text, " is not a number from 0 on"));
}

// What BundleFlags say, into either command.
template <typename BundleCommand>
absl::Status ReadBundleFlags(const Invocation& invocation, BundleCommand& command) {
  command.file = invocation.Get("output");
  command.include_payloads = invocation.On("payloads");
  command.overwrite = invocation.On("force");
  MESO_ASSIGN_OR_RETURN(command.min_cosignatures, NumberOr(invocation, "cosignatures", 0));
  return absl::OkStatus();
}

ExitCode Export(const Invocation& invocation, Session& session) {
  ExportCommand command;
  command.filter = invocation.Get("filter");
  const std::string format = invocation.Get("format");
  if (format != "bundle" && format != "fhir") {
    return session.Fail(
        "audit export",
        absl::InvalidArgumentError(
            absl::StrCat("--format=", format,
                         " is none: say bundle (proves itself) or fhir (R4, for other systems)")));
  }
  command.fhir = format == "fhir";
  const absl::Status flags = ReadBundleFlags(invocation, command);
  if (!flags.ok()) return session.Fail("audit export", flags);
  return FetchBundle("audit export", "exporting...", session,
                     [&](const std::string& token, std::ostream& notes) {
                       command.token = token;
                       return RunAuditExport(session.client(), command, session.out(), notes);
                     });
}

ExitCode Prove(const Invocation& invocation, Session& session) {
  ProveCommand command;
  command.name = invocation.Argument(0);
  const absl::Status flags = ReadBundleFlags(invocation, command);
  if (!flags.ok()) return session.Fail("audit prove", flags);
  return FetchBundle("audit prove", "proving...", session,
                     [&](const std::string& token, std::ostream& notes) {
                       command.token = token;
                       return RunAuditProve(session.client(), command, session.out(), notes);
                     });
}

ExitCode Check(const Invocation&, Session& session) {
  CheckCommand command;
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail("audit check", token.status());
  if (!session.timeout_given()) session.set_timeout(kExportTimeout);
  command.token = *token;
  command.json = session.output().format == OutputFormat::kJson;
  const Terminal& terminal = session.terminal();
  ProgressBar progress(session.err(), terminal.err_animated, session.clock());
  return RunAuditCheck(session.client(), command, terminal.err_animated ? &progress : nullptr,
                       session.out(), session.err());
}

ExitCode Verify(const Invocation& invocation, Session& session) {
  VerifyCommand command;
  command.file = invocation.Argument(0);
  command.keys = invocation.All("key");
  command.witnesses = invocation.All("witness");
  command.remembered = invocation.Get("checkpoint");
  if (!invocation.Get("witnesses_needed").empty()) {
    const absl::StatusOr<int> needed = NumberOr(invocation, "witnesses_needed", 0);
    if (!needed.ok()) return session.Fail("audit verify", needed.status());
    command.witnesses_needed = static_cast<size_t>(*needed);
  }
  const Terminal& terminal = session.terminal();
  ProgressBar progress(session.err(), terminal.err_animated, session.clock());
  return RunAuditVerify(command, terminal.err_animated ? &progress : nullptr, session.out(),
                        session.err());
}

// Of the commands that fetch a bundle; `more` are those of one of them.
std::vector<Flag> BundleFlags(std::vector<Flag> more = {}) {
  std::vector<Flag> flags = {
      {.name = "output",
       .value = "FILE",
       .help = "File to write, for its owner only (mode 0600)",
       .letter = 'o',
       .required = true,
       .kind = Files()},
      {.name = "payloads", .help = "Include payloads, and so patient references"},
      {.name = "cosignatures",
       .value = "N",
       .help = "End at the newest checkpoint that at least N witnesses have cosigned, as `audit "
               "verify --witness` wants it; without it, at the newest of all"},
      {.name = "force", .help = "Overwrite the file if it is there"}};
  for (Flag& flag : more) flags.push_back(std::move(flag));
  return flags;
}

// A verification may need several: during a change of keys the log has two.
Flag LogKeysFlag() {
  Flag flag = LogKeyFlag(true);
  flag.help =
      "The log's public key (audit-log.pub), or a file that holds it; may be repeated: also the "
      "keys of its earlier origins";
  flag.repeated = true;
  return flag;
}

}  // namespace

std::vector<Command> AuditFileCommands() {
  return {
      {.path = {"audit", "export"},
       .summary = "Fetch a bundle that proves itself",
       .flags =
           BundleFlags({{.name = "filter",
                         .value = "FILTER",
                         .help = "As in AuditService.ListEntries; none = all entries"},
                        {.name = "format",
                         .value = "FORMAT",
                         .help = "bundle, or fhir: one FHIR R4 AuditEvent per line, without proofs",
                         .fallback = "bundle",
                         .kind = {ValueKind::Of::kWords, {"bundle", "fhir"}, ""}}}),
       .examples =
           {"mesoctl audit export -o log.bundle",
            "mesoctl audit export -o denied.ndjson --format fhir --filter 'outcome = DENIED'"},
       .run = Export},
      {.path = {"audit", "prove"},
       .summary = "Fetch every entry about one object, proven to be all",
       .details = "NAME is a patient (patients/CODE), a lot (lots/UUID), an appointment "
                  "(sites/SITE/appointments/UUID), a site (sites/SITE) or who acted (users/USER, "
                  "services/SERVICE). The bundle holds every entry about it up to the log's newest "
                  "checkpoint and the proof that none is missing; `mesoctl audit verify` checks it "
                  "without a server.",
       .arguments = {{.name = "NAME", .help = "What the entries are about"}},
       .flags = BundleFlags(),
       .examples = {"mesoctl audit prove patients/p-17 -o p-17.bundle",
                    "mesoctl audit prove sites/par-1 -o par-1.bundle --payloads"},
       .run = Prove},
      {.path = {"audit", "check"},
       .summary = "Have the service look through everything it has stored",
       .details = "Entries, payloads, tree, checkpoints, numbers of sources and indexes, up to the "
                  "newest checkpoint; the exit code is 0 when all of it is good and 6 when it is "
                  "not. Somebody who does not trust the service exports the log and runs `mesoctl "
                  "audit verify`.",
       .examples = {"mesoctl audit check", "mesoctl audit check -o json"},
       .run = Check,
       .reads = true},
      {.path = {"audit", "verify"},
       .summary = "Check a bundle; needs no server",
       .details = "A log that was cut back or forked verifies by itself. A checkpoint kept from "
                  "earlier finds it: keep one now and then with `mesoctl audit checkpoint --save "
                  "FILE`, where the log's operators can't reach it, and give it with --checkpoint.",
       .arguments = {{.name = "FILE", .help = "The bundle", .kind = Files()}},
       .flags = {LogKeysFlag(),
                 {.name = "witness",
                  .value = "KEY",
                  .help = "A witness's public key, or a file that holds it; may be repeated",
                  .repeated = true,
                  .kind = Files()},
                 {.name = "witnesses_needed",
                  .value = "N",
                  .help = "How many of them must have cosigned the newest checkpoint; without it, "
                          "all"},
                 {.name = "checkpoint",
                  .value = "FILE",
                  .help =
                      "A checkpoint kept from earlier (the note of `audit checkpoint --save`, or "
                      "the JSON of `-o json`): finds a log that was cut back or forked",
                  .kind = Files()}},
       .examples = {"mesoctl audit verify log.bundle --key $MESO_KEYS/audit-log.pub",
                    "mesoctl audit export -o today.bundle && mesoctl audit verify today.bundle "
                    "--key $MESO_KEYS/audit-log.pub"},
       .run = Verify,
       .reads = true},
  };
}

}  // namespace meso::mesoctl
