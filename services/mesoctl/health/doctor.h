// Looks for what keeps calls from working, and says the next step for each finding.
//
// Used by `mesoctl doctor`. Changes nothing; needs no right beyond a token that is accepted, and
// finds out when there is none. One look takes at most a few timeouts.
#ifndef MESO_SERVICES_MESOCTL_HEALTH_DOCTOR_H_
#define MESO_SERVICES_MESOCTL_HEALTH_DOCTOR_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/mesoctl/report.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {

// More than this between our clock and a service's is a finding: tokens are good to the second,
// with 5 s of leniency.
inline constexpr absl::Duration kSkewMax = absl::Seconds(5);

struct Finding {
  ExitCode severity = ExitCode::kOk;  // kOk = a check that passed, or a note
  std::string check;    // "address", "certificate", "token", "clock", "ready", "redis"
  std::string subject;  // a service, or "mesoctl" for what is ours
  std::string found;
  std::string next;  // "" when all is well
  // Something to mend, though the suite works as it is.
  bool is_note() const { return severity == ExitCode::kOk && !next.empty(); }
};

// All checks in order: our files first, then each service. `admin_ports` by service; "" = the
// default one.
std::vector<Finding> Diagnose(Session& session,
                              const std::map<std::string, std::string>& admin_ports);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_HEALTH_DOCTOR_H_
