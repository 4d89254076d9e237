#include "services/inventory/domain/dispensing.h"

#include <algorithm>

namespace meso::inventory {

absl::CivilDay UseUntilOf(const std::optional<absl::CivilDay>& wanted, absl::CivilDay today) {
  return std::max(wanted.value_or(today), today);
}

}  // namespace meso::inventory
