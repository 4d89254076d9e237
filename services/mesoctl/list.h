// `mesoctl list`: what the API offers, from the descriptors compiled in. No network.
//
// Without an argument every method with the roles that may call it; with a method its fields and
// its access rule.
#ifndef MESO_SERVICES_MESOCTL_LIST_H_
#define MESO_SERVICES_MESOCTL_LIST_H_

#include <ostream>
#include <string>

#include "services/mesoctl/report.h"

namespace meso::mesoctl {

// Lists all methods (empty name), those of one service (scheduling, screening, ...), or describes
// one method. kNotFound for an unknown name.
ExitCode RunList(const std::string& name, std::ostream& out, std::ostream& err);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_LIST_H_
