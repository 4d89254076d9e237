// The flags every command takes, and those several commands share.
#ifndef MESO_SERVICES_MESOCTL_GLOBAL_FLAGS_H_
#define MESO_SERVICES_MESOCTL_GLOBAL_FLAGS_H_

#include <vector>

#include "services/mesoctl/cli/command.h"

namespace meso::mesoctl {

std::vector<Flag> GlobalFlags();

// Where the admin ports of the services are, for status and doctor.
std::vector<Flag> AdminPortFlags();

// Of a value that names a file.
ValueKind Files();

// The directory with a suite's keys; `required` or not.
Flag KeysFlag(bool required);

// The audit log's public key; `required` or not.
Flag LogKeyFlag(bool required);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_GLOBAL_FLAGS_H_
