// Which sessions the demo chain's patients book: courses at the treatments' own intervals, in the
// sites' opening hours, with practitioners who work there then and hold a valid credential.
//
// The planner keeps its own count of practitioners, rooms, chairs and devices, more strictly than
// scheduling does, so that on an empty suite every planned slot is free. It decides nothing that
// the suite does not check again. Pure.
#ifndef MESO_SERVICES_MESOCTL_SESSION_PLANNER_H_
#define MESO_SERVICES_MESOCTL_SESSION_PLANNER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "services/mesoctl/demo_plan.h"
#include "services/mesoctl/json_data.h"

namespace meso::mesoctl {

// By site and begin. Every session begins within `session_days` of `outline`, counted from the
// midnight (UTC) that ends the start date: none lies in the past while the start date lasts,
// wherever on earth. `chain` are the steps of chain.json. INVALID_ARGUMENT when they are not as
// expected.
absl::StatusOr<std::vector<DemoSession>> PlanSessions(const std::vector<DemoStep>& chain,
                                                      const Value& outline,
                                                      const std::vector<DemoPatient>& patients,
                                                      const DemoChoice& choice);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_SESSION_PLANNER_H_
