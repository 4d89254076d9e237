// Where a site keeps its stock, and between which temperatures.
//
// Value types and rules; pure. A unit's code is the caller's own; every site has the one called
// main. Whether a product may lie in a unit is a warning at receipt, not a refusal: where the units
// are is a fact.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_STORAGE_UNIT_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_STORAGE_UNIT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/inventory/domain/product.h"

namespace meso::inventory {

using StorageUnitName = Id<struct StorageUnitTag>;  // sites/{site}/storageUnits/{code}

// Numbered as in the contract.
enum class StorageUnitKind {
  kUnspecified = 0,
  kMixed = 1,
  kRoom = 2,
  kFridge = 3,
  kFreezer = 4,
  kEmergencyKit = 5,
};
absl::string_view ToText(StorageUnitKind kind);
// kUnspecified for a text that is none.
StorageUnitKind StorageUnitKindOf(absl::string_view text);

// Tenths of a degree Celsius.
struct TemperatureRange {
  int64_t min_decidegrees = 0;
  int64_t max_decidegrees = 0;
  friend bool operator==(const TemperatureRange& a, const TemperatureRange& b) {
    return a.min_decidegrees == b.min_decidegrees && a.max_decidegrees == b.max_decidegrees;
  }
};

// What a kind is kept at when nobody says otherwise; nullopt = nothing is promised.
std::optional<TemperatureRange> UsualRange(StorageUnitKind kind);

struct StorageUnit {
  StorageUnitName name;
  std::string display_name;
  StorageUnitKind kind = StorageUnitKind::kUnspecified;
  std::optional<TemperatureRange> range;
  int64_t revision = 0;
  absl::Time update_time;
};

// A wish to change a unit: `fields` empty = all of them; a range left out = the kind's usual one.
struct StorageUnitChange {
  StorageUnit unit;
  std::string etag;  // empty = whatever the revision
  std::vector<std::string> fields;
  bool allow_missing = false;
};

// "sites/{site}/storageUnits/{code}".
StorageUnitName StorageUnitNameOf(const SiteName& site, absl::string_view code);

// The unit every site has from the day it is known here.
StorageUnit MainUnitOf(const SiteName& site, absl::Time now);

// Adds every broken rule of a whole unit to `errors`, with fields as "storage_unit.kind".
void CheckStorageUnit(const StorageUnit& unit, FieldErrors& errors);

// `current` with the named fields taken from `change`; a range that was the usual one follows a new
// kind. An unknown field is added to `errors`.
StorageUnit MergeStorageUnit(const StorageUnit& current, const StorageUnit& change,
                             const std::vector<std::string>& fields, FieldErrors& errors);

// True when nothing is promised of the unit, nothing asked by the product, or all the temperatures
// of the unit are good for it.
bool IsKeptWell(const Product& product, const StorageUnit& unit);

// "2.0 to 8.0 C".
std::string ToText(const TemperatureRange& range);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_STORAGE_UNIT_H_
