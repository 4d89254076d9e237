#include "services/scheduling/domain/equipment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::scheduling {
namespace {

constexpr size_t kKindsMax = 20;

void CheckName(absl::string_view name, absl::string_view pattern, absl::string_view field,
               FieldErrors& errors) {
  if (name.empty()) {
    errors.Required(field);
  } else if (!IsNameOf(pattern, name)) {
    errors.Invalid(field, absl::StrCat("must be ", pattern));
  }
}

}  // namespace

void CheckRoom(const Room& room, FieldErrors& errors) {
  CheckName(room.name.value(), "sites/{code}/rooms/{code}", "room.name", errors);
  CheckDisplayName(room.display_name, "room.display_name", errors);
  if (room.kinds.empty()) errors.Required("room.kinds");
  if (room.kinds.size() > kKindsMax) {
    errors.Invalid("room.kinds", absl::StrCat("has more than ", kKindsMax));
  }
  for (size_t i = 0; i < room.kinds.size(); ++i) {
    CheckCode(room.kinds[i], absl::StrCat("room.kinds[", i, "]"), errors);
  }
  CheckWorkingHours(room.working_hours, "room.working_hours", errors);
}

void CheckDevice(const Device& device, FieldErrors& errors) {
  CheckName(device.name.value(), "sites/{code}/devices/{code}", "device.name", errors);
  CheckDisplayName(device.display_name, "device.display_name", errors);
  CheckCode(device.kind, "device.kind", errors);
  CheckWorkingHours(device.working_hours, "device.working_hours", errors);
}

bool HasKind(const Room& room, absl::string_view kind) {
  return std::find(room.kinds.begin(), room.kinds.end(), kind) != room.kinds.end();
}

}  // namespace meso::scheduling
