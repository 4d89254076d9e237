// What the evaluation of excursions reads, each thing once: a unit's range, products, the series of
// a unit's sensors, the recent lines of lots.
//
// Internal to the operations room. One per evaluation; not thread-safe.
#ifndef MESO_SERVICES_INVENTORY_COLD_CHAIN_VIEW_H_
#define MESO_SERVICES_INVENTORY_COLD_CHAIN_VIEW_H_

#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/database/database.h"
#include "services/inventory/domain/cold_chain.h"
#include "services/inventory/domain/whereabouts.h"
#include "services/inventory/store/cold_chain_store.h"

namespace meso::inventory {

// How much of the past a series holds: every reading within `whole`, and before that, from
// `hours_from` on, hours.
struct SeriesSpan {
  Interval whole;
  absl::Time hours_from = absl::InfiniteFuture();  // later than whole.begin = none
};

// The shelf of a storage unit.
Shelf ShelfOf(const StorageUnitName& unit);

class ColdChainView {
 public:
  explicit ColdChainView(Transaction& tx) : tx_(tx) {}

  // nullopt = nothing is promised of it.
  absl::StatusOr<std::optional<TemperatureRange>> RangeOfUnit(const StorageUnitName& unit);
  // The range that counts for a product in a unit; nullopt = none.
  absl::StatusOr<std::optional<TemperatureRange>> RangeOfProduct(const ProductName& product,
                                                                 const StorageUnitName& unit);
  absl::StatusOr<Product> ProductOf(const ProductName& name);
  // The worst that the unit's sensors say.
  absl::StatusOr<Exposure> SeriesOf(const StorageUnitName& unit, const SeriesSpan& span);
  // The lines of a lot of the shelf recorded since `from`; without any, only its balance there.
  absl::StatusOr<RecentLines> LinesOf(const LotInUnit& lot, const Shelf& shelf, absl::Time from);
  // The ranges that count in the unit, each with the times at which it does, for the readings from
  // `begin` on.
  absl::StatusOr<std::vector<Watch>> WatchesOf(const StorageUnitName& unit, absl::Time begin);
  // True when a product in the unit asks for more than the unit promises: readings are outside for
  // it, and make an excursion, only while it is known to be there.
  absl::StatusOr<bool> IsWatchedItself(const ProductName& product, const StorageUnitName& unit);
  // True when the readings are outside of nothing that was ever in the unit.
  absl::StatusOr<bool> IsAllInside(const StorageUnitName& unit,
                                   const std::vector<Reading>& readings);

 private:
  Transaction& tx_;
  std::map<StorageUnitName, std::optional<TemperatureRange>> unit_ranges_;
  std::map<ProductName, Product> products_;
  std::map<std::tuple<StorageUnitName, absl::Time, absl::Time, absl::Time>, Exposure> series_;
  std::map<std::pair<int64_t, absl::Time>, RecentLines> lines_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_COLD_CHAIN_VIEW_H_
