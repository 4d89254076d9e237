#include "services/inventory/domain/storage_unit.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "services/inventory/domain/allocation.h"

namespace meso::inventory {
namespace {

constexpr size_t kDisplayNameMax = 128;
constexpr int64_t kDecidegreesMax = 1000;
constexpr absl::string_view kKinds[] = {"UNSPECIFIED", "MIXED",   "ROOM",
                                        "FRIDGE",      "FREEZER", "EMERGENCY_KIT"};

std::string Degrees(int64_t decidegrees) {
  return absl::StrCat(decidegrees < 0 ? "-" : "", std::abs(decidegrees) / 10, ".",
                      std::abs(decidegrees) % 10);
}

void CheckRange(const TemperatureRange& range, FieldErrors& errors) {
  if (range.min_decidegrees < -kDecidegreesMax || range.min_decidegrees > kDecidegreesMax) {
    errors.Invalid("storage_unit.temperature_range.min_decidegrees", "-1000 to 1000");
  }
  if (range.max_decidegrees < range.min_decidegrees || range.max_decidegrees > kDecidegreesMax) {
    errors.Invalid("storage_unit.temperature_range.max_decidegrees",
                   "not below min_decidegrees, at most 1000");
  }
}

}  // namespace

absl::string_view ToText(StorageUnitKind kind) { return kKinds[static_cast<int>(kind)]; }

StorageUnitKind StorageUnitKindOf(absl::string_view text) {
  for (int i = 1; i < static_cast<int>(std::size(kKinds)); ++i) {
    if (kKinds[i] == text) return static_cast<StorageUnitKind>(i);
  }
  return StorageUnitKind::kUnspecified;
}

std::optional<TemperatureRange> UsualRange(StorageUnitKind kind) {
  switch (kind) {
    case StorageUnitKind::kUnspecified:
    case StorageUnitKind::kMixed:
      return std::nullopt;
    case StorageUnitKind::kRoom:
    case StorageUnitKind::kEmergencyKit:
      return TemperatureRange{150, 250};
    case StorageUnitKind::kFridge:
      return TemperatureRange{20, 80};
    case StorageUnitKind::kFreezer:
      return TemperatureRange{-250, -150};
  }
  return std::nullopt;
}

StorageUnitName StorageUnitNameOf(const SiteName& site, absl::string_view code) {
  return StorageUnitName(absl::StrCat(site.value(), "/storageUnits/", code));
}

StorageUnit MainUnitOf(const SiteName& site, absl::Time now) {
  StorageUnit unit;
  unit.name = StorageUnitNameOf(site, kMainUnit);
  unit.display_name = "Main";
  unit.kind = StorageUnitKind::kMixed;
  unit.revision = 1;
  unit.update_time = now;
  return unit;
}

void CheckStorageUnit(const StorageUnit& unit, FieldErrors& errors) {
  if (!IsNameOf("sites/{code}/storageUnits/{code}", unit.name.value())) {
    errors.Invalid("storage_unit.name",
                   "sites/{site}/storageUnits/{code} with 1 to 64 of A-Z a-z 0-9 - _");
  }
  if (unit.display_name.empty()) {
    errors.Required("storage_unit.display_name");
  } else if (unit.display_name.size() > kDisplayNameMax ||
             std::any_of(unit.display_name.begin(), unit.display_name.end(),
                         [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    errors.Invalid("storage_unit.display_name", "at most 128 bytes, no control characters");
  }
  if (unit.kind == StorageUnitKind::kUnspecified) errors.Required("storage_unit.kind");
  if (unit.range) CheckRange(*unit.range, errors);
}

StorageUnit MergeStorageUnit(const StorageUnit& current, const StorageUnit& change,
                             const std::vector<std::string>& fields, FieldErrors& errors) {
  StorageUnit merged = current;
  merged.name = change.name;
  const auto named = [&fields](absl::string_view field) {
    return fields.empty() || std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  for (const std::string& field : fields) {
    if (field != "display_name" && field != "kind" && field != "temperature_range") {
      errors.Invalid("update_mask", absl::StrCat("a storage unit has no changeable field ", field));
    }
  }
  if (named("display_name")) merged.display_name = change.display_name;
  if (named("kind")) merged.kind = change.kind;
  if (named("temperature_range")) {
    merged.range = change.range ? change.range : UsualRange(merged.kind);
  } else if (current.range == UsualRange(current.kind)) {
    merged.range = UsualRange(merged.kind);
  }
  return merged;
}

bool IsKeptWell(const Product& product, const StorageUnit& unit) {
  const TemperatureRange needed{product.temperature_min_decidegrees,
                                product.temperature_max_decidegrees};
  if (!unit.range || needed == TemperatureRange()) return true;
  return unit.range->min_decidegrees >= needed.min_decidegrees &&
         unit.range->max_decidegrees <= needed.max_decidegrees;
}

std::string ToText(const TemperatureRange& range) {
  return absl::StrCat(Degrees(range.min_decidegrees), " to ", Degrees(range.max_decidegrees), " C");
}

}  // namespace meso::inventory
