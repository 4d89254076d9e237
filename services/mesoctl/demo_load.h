// `mesoctl demo load`: puts the demo chain into a running suite, through the public API only.
//
// The chain is data: chain.json, products.json, deliveries.json are lists of calls with the person
// who makes them; patients.json and screening/*.textproto hold patients and rules. Every mutation's
// request_id is derived from its content, so that a second run on the same day changes nothing and
// a run on another day adds that day's deliveries and answers.
#ifndef MESO_SERVICES_MESOCTL_DEMO_LOAD_H_
#define MESO_SERVICES_MESOCTL_DEMO_LOAD_H_

#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "meso/screening/v1/questionnaire.pb.h"
#include "services/mesoctl/demo_people.h"
#include "services/mesoctl/report.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

// Loads everything and prints the counts. kUsage when the data is wrong; else the exit code of
// the call that was refused, which is named.
ExitCode LoadDemo(const SuiteClient& client, const Clock& clock, const DemoOptions& options,
                  std::ostream& out, std::ostream& err);

// The chain's published questionnaire. NOT_FOUND when the chain was not loaded.
absl::StatusOr<meso::screening::v1::Questionnaire> FindQuestionnaire(const DemoPeople& people);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_LOAD_H_
