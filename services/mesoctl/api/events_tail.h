// `mesoctl events tail`: the newest events of the services, and those to come.
//
// Pulls (EventService.PullEvents), one thread per service while following; lines are written one at
// a time. A cut-off connection is pulled again from the last token.
#ifndef MESO_SERVICES_MESOCTL_API_EVENTS_TAIL_H_
#define MESO_SERVICES_MESOCTL_API_EVENTS_TAIL_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> EventsCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_API_EVENTS_TAIL_H_
