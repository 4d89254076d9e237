#include "services/mesoctl/health/doctor_command.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/mesoctl/cli/spinner.h"
#include "services/mesoctl/cli/table_output.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/health/doctor.h"

namespace meso::mesoctl {
namespace {

void PrintFinding(const Finding& finding, bool color, std::ostream& out) {
  const bool good = finding.severity == ExitCode::kOk;
  out << (finding.is_note() ? Inked(" note ", Ink::kYellow, color)
          : good            ? Inked("  ok  ", Ink::kGreen, color)
                            : Inked(" FAIL ", Ink::kRed, color))
      << absl::StrFormat("%-12s %-12s %s\n", finding.subject, finding.check,
                         Printable(finding.found));
  if (!finding.next.empty()) out << "       Next: " << finding.next << ".\n";
}

ExitCode Run(const Invocation& invocation, Session& session) {
  std::map<std::string, std::string> admin_ports;
  for (const char* service : kServiceNames) {
    admin_ports[service] = invocation.Get(absl::StrCat(service, "_admin"));
  }
  std::vector<Finding> findings;
  {
    Spinner spinner(session.err(), session.terminal().err_animated, "looking...");
    findings = Diagnose(session, admin_ports);
  }
  ExitCode worst = ExitCode::kOk;
  size_t bad = 0;
  size_t notes = 0;
  TextTable table = {{"subject", "check", "ok", "found", "next"}, {}};
  for (const Finding& finding : findings) {
    const bool good = finding.severity == ExitCode::kOk;
    bad += good ? 0 : 1;
    notes += finding.is_note() ? 1 : 0;
    // The first finding is as a rule the cause of those after it.
    if (worst == ExitCode::kOk) worst = finding.severity;
    table.rows.push_back({finding.subject, finding.check,
                          finding.is_note() ? "note"
                          : good            ? "yes"
                                            : "no",
                          finding.found, finding.next});
  }
  if (session.output().format != OutputFormat::kTable || !session.output().columns.empty()) {
    const absl::Status printed = PrintTable(table, "subject", session.output(), session.out());
    if (!printed.ok()) return session.Fail("doctor", printed);
    return worst;
  }
  for (const Finding& finding : findings) {
    PrintFinding(finding, session.output().color, session.out());
  }
  session.out() << (bad == 0 ? std::string(notes == 0 ? "All is well.\n"
                                                      : "The suite works; see the notes.\n")
                             : absl::StrCat(bad, bad == 1 ? " thing needs" : " things need",
                                            " attention.\n"));
  return worst;
}

}  // namespace

std::vector<Command> DoctorCommands() {
  return {{.path = {"doctor"},
           .summary = "Find what keeps calls from working, and say what to do",
           .details =
               "Looks at our certificate and token, then at each service: address, "
               "certificate, readiness, clock, whether it reaches Redis, and whether it takes "
               "the token. Ends with 0 only when the suite works; what only slows it down is a "
               "note.",
           .flags = AdminPortFlags(),
           .examples = {"mesoctl doctor", "mesoctl doctor -o json"},
           .run = Run,
           .reads = true}};
}

}  // namespace meso::mesoctl
