// `mesoctl audit`: fetching an export bundle, and checking one without any server.
//
// Verification trusts nothing but the public key it is given; the work is done by
// services/audit/domain, the same code the log itself is built with. Both commands report on the
// given streams and return the exit code.
#ifndef MESO_SERVICES_MESOCTL_AUDIT_COMMANDS_H_
#define MESO_SERVICES_MESOCTL_AUDIT_COMMANDS_H_

#include <ostream>
#include <string>

#include "services/mesoctl/report.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

struct ExportCommand {
  std::string file;  // written as FILE.part, renamed when complete
  std::string filter;
  bool include_payloads = false;
  std::string token;
  bool fhir = false;       // FHIR R4 AuditEvents, one per line, instead of a bundle
  bool overwrite = false;  // without it a file that is there is refused, kUsage
};

// Streams the bundle into the file. On an error no file of that name appears.
ExitCode RunAuditExport(const SuiteClient& client, const ExportCommand& command, std::ostream& out,
                        std::ostream& err);

struct VerifyCommand {
  std::string file;
  std::string key;  // a verifier key, or the path of a file that holds one
  std::string
      remembered;  // path of a checkpoint kept from earlier, the note or its JSON; empty = none
};

// kOk, or kVerificationFailed with the first bad entry named on `err`; kNotFound for a file that is
// not there, kUsage for a malformed key or a file that is no checkpoint.
ExitCode RunAuditVerify(const VerifyCommand& command, std::ostream& out, std::ostream& err);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_AUDIT_COMMANDS_H_
