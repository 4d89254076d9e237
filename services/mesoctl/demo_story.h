// `mesoctl demo play`: one treatment's life through the four services, as a story that checks
// itself.
//
// Chapters 2 to 8: a refusal with its reasons, a booking, a race for one slot, a visit, a recall,
// the audit trail, and how to go on. Every chapter makes real calls and verifies what it tells; the
// first thing that is not as told ends the story with an error that says so. It works at any hour
// and on a database it has been played on before: patients, lots and request ids are new each time.
#ifndef MESO_SERVICES_MESOCTL_DEMO_STORY_H_
#define MESO_SERVICES_MESOCTL_DEMO_STORY_H_

#include <ostream>

#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "services/mesoctl/cli/terminal.h"
#include "services/mesoctl/demo_people.h"
#include "services/mesoctl/report.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {

// Plays all chapters. Precondition: LoadDemo has run on this suite.
ExitCode PlayDemo(const SuiteClient& client, const Clock& clock, IdSource& ids,
                  const DemoOptions& options, const Terminal& terminal, std::ostream& out,
                  std::ostream& err);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_STORY_H_
