// `mesoctl demo load`: puts the demo chain into a running suite, through the public API only.
//
// The chain is data (deploy/demo), made into a plan by demo_plan and carried out by demo_steps and
// demo_sessions. Loading it again changes nothing; loading it after a load that was broken off goes
// on where that stopped. Progress goes to `err`, the counts to `out`.
#ifndef MESO_SERVICES_MESOCTL_DEMO_LOAD_H_
#define MESO_SERVICES_MESOCTL_DEMO_LOAD_H_

#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "meso/screening/v1/questionnaire.pb.h"
#include "services/mesoctl/cli/terminal.h"
#include "services/mesoctl/demo_people.h"
#include "services/mesoctl/report.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

// Loads everything and prints the counts. kUsage when options or data are wrong; else the exit code
// of the call that was refused, which is named.
ExitCode LoadDemo(const SuiteClient& client, const Clock& clock, const DemoOptions& options,
                  const Terminal& terminal, std::ostream& out, std::ostream& err);

// The chain's published questionnaire. NOT_FOUND when the chain was not loaded.
absl::StatusOr<meso::screening::v1::Questionnaire> FindQuestionnaire(const DemoPeople& people);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_LOAD_H_
