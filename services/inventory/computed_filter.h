// List filters over what an answer computes, where no column could decide. Pure; internal to the
// operations room.
#ifndef MESO_SERVICES_INVENTORY_COMPUTED_FILTER_H_
#define MESO_SERVICES_INVENTORY_COMPUTED_FILTER_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/filter.h"

namespace meso::inventory {

// Whether a row with these values passes: = and != over text, `true` and `false` among it. Errors:
// FILTER_INVALID for another comparison, or a truth value that is none, whether or not it would
// matter for this row.
absl::StatusOr<bool> Passes(const FilterNode& filter,
                            const std::map<std::string, std::string>& row);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_COMPUTED_FILTER_H_
