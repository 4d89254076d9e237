// `mesoctl doctor`: the findings of doctor.h on paper.
#ifndef MESO_SERVICES_MESOCTL_HEALTH_DOCTOR_COMMAND_H_
#define MESO_SERVICES_MESOCTL_HEALTH_DOCTOR_COMMAND_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Command> DoctorCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_HEALTH_DOCTOR_COMMAND_H_
