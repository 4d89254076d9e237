// `mesoctl audit`: fetching an export bundle, and checking one without any server.
//
// Verification trusts nothing but the public key it is given; the work is done by
// services/audit/domain, the same code the log itself is built with. Both commands report on the
// given streams and return the exit code.
#ifndef MESO_SERVICES_MESOCTL_AUDIT_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_AUDIT_COMMANDS_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "services/mesoctl/progress_bar.h"
#include "services/mesoctl/report.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

struct ExportCommand {
  std::string file;  // written as local_file.h says: whole, or not at all
  std::string filter;
  bool include_payloads = false;
  std::string token;
  bool fhir = false;         // FHIR R4 AuditEvents, one per line, instead of a bundle
  bool overwrite = false;    // without it a file that is there is refused, kUsage
  int min_cosignatures = 0;  // that the bundle's newest checkpoint must have
};

// Streams the bundle into the file. On an error no file of that name appears.
ExitCode RunAuditExport(const SuiteClient& client, const ExportCommand& command, std::ostream& out,
                        std::ostream& err);

struct ProveCommand {
  std::string file;  // as in ExportCommand
  std::string name;  // of the patient, lot, appointment, site or actor
  bool include_payloads = false;
  std::string token;
  bool overwrite = false;
  int min_cosignatures = 0;
};

// The same for the bundle with every entry about one object.
ExitCode RunAuditProve(const SuiteClient& client, const ProveCommand& command, std::ostream& out,
                       std::ostream& err);

struct CheckCommand {
  std::string token;
  bool json = false;  // the result as JSON instead of lines
};

// Has the service look through its own log: kOk, or kVerificationFailed with the problem on `err`;
// else the code of the error. `progress` may be null.
ExitCode RunAuditCheck(const SuiteClient& client, const CheckCommand& command,
                       ProgressBar* progress, std::ostream& out, std::ostream& err);

struct VerifyCommand {
  std::string file;
  // Verifier keys, or paths of files that hold some, one a line.
  std::vector<std::string> keys;       // the log's
  std::vector<std::string> witnesses;  // of those whose cosignatures count
  // How many of them must have cosigned the newest checkpoint; all that are given without it.
  std::optional<size_t> witnesses_needed;
  std::string
      remembered;  // path of a checkpoint kept from earlier, the note or its JSON; empty = none
};

// kOk, or kVerificationFailed with the first bad entry named on `err`; kUsage for a file that can't
// be read, a malformed key or a file that is no checkpoint. `progress` may be null.
ExitCode RunAuditVerify(const VerifyCommand& command, ProgressBar* progress, std::ostream& out,
                        std::ostream& err);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_AUDIT_COMMANDS_H_
