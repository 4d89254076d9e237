// Books the demo chain's sessions: a stream per site, in the plan's order, each by the site's own
// desk, each with its clearance and its ampoules.
//
// What is there already, by patient and day, is left alone: a load after a broken one goes on. A
// planned slot that somebody has taken since is replaced by another of that day. What a rule
// refuses is left out and counted; any other error ends the load.
#ifndef MESO_SERVICES_MESOCTL_DEMO_SESSIONS_H_
#define MESO_SERVICES_MESOCTL_DEMO_SESSIONS_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/mesoctl/demo_plan.h"
#include "services/mesoctl/demo_steps.h"
#include "services/mesoctl/progress_bar.h"

namespace meso::mesoctl {

struct BookedSessions {
  int booked = 0;                       // in this run
  int found = 0;                        // were there before
  std::map<std::string, int> left_out;  // by reason
};

// Returns when inventory has confirmed the reservation of every session booked. Errors: the first
// call's that was refused for another reason than a rule's; DEADLINE_EXCEEDED when a reservation is
// not confirmed within 30 s.
absl::StatusOr<BookedSessions> BookSessions(const DemoPlan& plan, const Clock& clock,
                                            StepRunner& runner, ProgressBar& progress);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_SESSIONS_H_
