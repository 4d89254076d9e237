#include "services/inventory/cold_chain_view.h"

#include <algorithm>
#include <string>

#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {
namespace {

bool Holds(const TemperatureRange& outer, const TemperatureRange& inner) {
  return outer.min_decidegrees <= inner.min_decidegrees &&
         outer.max_decidegrees >= inner.max_decidegrees;
}

// Whole hours before `whole`, so that no moment is in both.
absl::Time HourBefore(absl::Time time) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time) / 3600 * 3600);
}

}  // namespace

Shelf ShelfOf(const StorageUnitName& unit) {
  const std::string& name = unit.value();
  return {SiteName(SiteOf(name)), name.substr(name.rfind('/') + 1)};
}

absl::StatusOr<std::optional<TemperatureRange>> ColdChainView::RangeOfUnit(
    const StorageUnitName& unit) {
  const auto it = unit_ranges_.find(unit);
  if (it != unit_ranges_.end()) return it->second;
  MESO_ASSIGN_OR_RETURN(const std::optional<StorageUnit> found, LoadStorageUnit(tx_, unit));
  return unit_ranges_[unit] = found ? found->range : std::nullopt;
}

absl::StatusOr<Product> ColdChainView::ProductOf(const ProductName& name) {
  const auto it = products_.find(name);
  if (it != products_.end()) return it->second;
  MESO_ASSIGN_OR_RETURN(std::optional<Product> found, LoadProduct(tx_, name));
  if (!found) return ResourceNotFound(name.value());
  return products_.emplace(name, *std::move(found)).first->second;
}

absl::StatusOr<std::optional<TemperatureRange>> ColdChainView::RangeOfProduct(
    const ProductName& product, const StorageUnitName& unit) {
  MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> range, RangeOfUnit(unit));
  MESO_ASSIGN_OR_RETURN(const Product found, ProductOf(product));
  return RangeOf(found, range);
}

absl::StatusOr<Exposure> ColdChainView::SeriesOf(const StorageUnitName& unit,
                                                 const SeriesSpan& span) {
  const auto key = std::make_tuple(unit, span.whole.begin, span.whole.end, span.hours_from);
  const auto it = series_.find(key);
  if (it != series_.end()) return it->second;
  // What is read as hours ends with a whole one.
  const bool hours = span.hours_from < span.whole.begin;
  const absl::Time begin = hours ? HourBefore(span.whole.begin) : span.whole.begin;
  std::vector<Exposure> all;
  MESO_ASSIGN_OR_RETURN(const std::vector<Sensor> sensors, ListSensorsOfUnit(tx_, unit));
  for (const Sensor& sensor : sensors) {
    MESO_ASSIGN_OR_RETURN(const std::vector<Reading> readings,
                          LoadReadings(tx_, sensor.row, begin, span.whole.end));
    Exposure exposure;
    if (hours) {
      MESO_ASSIGN_OR_RETURN(exposure,
                            LoadHours(tx_, sensor.row, HourBefore(span.hours_from), begin));
    }
    const Exposure whole = Clip(ExposureOf(readings), {begin, span.whole.end});
    exposure.insert(exposure.end(), whole.begin(), whole.end());
    if (!exposure.empty()) all.push_back(std::move(exposure));
  }
  return series_.emplace(key, WorstOf(all)).first->second;
}

absl::StatusOr<RecentLines> ColdChainView::LinesOf(const LotInUnit& lot, const Shelf& shelf,
                                                   absl::Time from) {
  if (lot.last_line < from) {
    // Most lots lie still: nothing needs to be read of them.
    StoredBalance balance;
    balance.site = shelf.first;
    balance.unit = shelf.second;
    balance.on_hand = lot.on_hand;
    balance.opened = lot.opened;
    return RecentLines{from, {balance}, {}};
  }
  const auto it = lines_.find({lot.lot_row, from});
  if (it != lines_.end()) return it->second;
  MESO_ASSIGN_OR_RETURN(RecentLines lines, LoadRecentLines(tx_, lot.lot_row, from));
  return lines_.emplace(std::make_pair(lot.lot_row, from), std::move(lines)).first->second;
}

absl::StatusOr<std::vector<Watch>> ColdChainView::WatchesOf(const StorageUnitName& unit,
                                                            absl::Time begin) {
  std::vector<Watch> watches;
  MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> always, RangeOfUnit(unit));
  if (always) watches.push_back({*always, {Interval()}});
  const Shelf shelf = ShelfOf(unit);
  MESO_ASSIGN_OR_RETURN(const std::vector<LotInUnit> lots,
                        ListLotsInUnit(tx_, shelf.first, shelf.second, begin));
  for (const LotInUnit& lot : lots) {
    MESO_ASSIGN_OR_RETURN(const bool itself, IsWatchedItself(lot.product, unit));
    if (!itself) continue;
    MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> range,
                          RangeOfProduct(lot.product, unit));
    MESO_ASSIGN_OR_RETURN(const RecentLines lines, LinesOf(lot, shelf, begin));
    watches.push_back({*range, PresenceAt(lines, shelf).when});
  }
  return watches;
}

absl::StatusOr<bool> ColdChainView::IsWatchedItself(const ProductName& product,
                                                    const StorageUnitName& unit) {
  MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> always, RangeOfUnit(unit));
  MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> range, RangeOfProduct(product, unit));
  // What bears more than the unit promises is outside only when the unit is.
  return range && !(always && Holds(*range, *always));
}

absl::StatusOr<bool> ColdChainView::IsAllInside(const StorageUnitName& unit,
                                                const std::vector<Reading>& readings) {
  std::vector<Watch> watches;
  MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> always, RangeOfUnit(unit));
  if (always) watches.push_back({*always, {Interval()}});
  const Shelf shelf = ShelfOf(unit);
  MESO_ASSIGN_OR_RETURN(const std::vector<ProductName> products,
                        ListProductsOfUnit(tx_, shelf.first, shelf.second));
  for (const ProductName& product : products) {
    MESO_ASSIGN_OR_RETURN(const std::optional<TemperatureRange> range,
                          RangeOfProduct(product, unit));
    if (range) watches.push_back({*range, {Interval()}});
  }
  return FindRuns(readings, watches, {}).empty();
}

}  // namespace meso::inventory
