#include "services/inventory/shelf_view.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {
namespace {

constexpr int kLapsedShownMax = 10000;

}  // namespace

absl::StatusOr<absl::CivilDay> ShelfView::Today(const SiteName& site) {
  const auto it = today_.find(site);
  if (it != today_.end()) return it->second;
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(tx_, site));
  return today_[site] = DateAt(now_, zone);
}

absl::StatusOr<Use> ShelfView::UseFor(const SiteName& site, const ProductName& product) {
  const auto it = uses_.find({site, product});
  if (it != uses_.end()) return it->second;
  MESO_ASSIGN_OR_RETURN(const absl::CivilDay today, Today(site));
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> found, LoadProduct(tx_, product));
  if (!found) return ResourceNotFound(product.value());
  MESO_ASSIGN_OR_RETURN(Use use, UseAt(tx_, site, *found, today));
  return uses_.emplace(std::make_pair(site, product), std::move(use)).first->second;
}

absl::StatusOr<int64_t> ShelfView::LapsedUnits(const SiteName& site, int64_t lot_row,
                                               const std::string& unit) {
  if (lapsed_.count(site) == 0) {
    auto& units = lapsed_[site];
    MESO_ASSIGN_OR_RETURN(const std::vector<Reservation> lapsed,
                          ListLapsed(tx_, site, now_, kLapsedShownMax));
    for (const Reservation& reservation : lapsed) {
      for (const Allocation& allocation : reservation.allocations) {
        units[{allocation.lot_row, allocation.unit}] += allocation.Left();
      }
    }
  }
  const auto& units = lapsed_[site];
  const auto it = units.find({lot_row, unit});
  return it == units.end() ? 0 : it->second;
}

absl::Status ShelfView::Judge(StockLevel& level) {
  const SiteName& site = level.balance.site;
  MESO_ASSIGN_OR_RETURN(Use use, UseFor(site, level.lot.product));
  use.unit = level.balance.unit;
  MESO_ASSIGN_OR_RETURN(const int64_t lapsed, LapsedUnits(site, level.lot.row, level.balance.unit));
  level.reasons = DecideEligibility(level.lot, use);
  level.balance.reserved -= lapsed;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StockLevel>> LevelsOfLot(Transaction& tx, const CallContext& call,
                                                    absl::Time now, const Lot& lot, bool& hidden) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Balance> balances, ListBalancesOfLot(tx, lot.row));
  ShelfView view(tx, now);
  std::vector<StockLevel> levels;
  for (const Balance& balance : balances) {
    if (!MaySee(call, balance.site)) {
      hidden = true;
      continue;
    }
    if (balance.on_hand == 0 && balance.drawn == 0 && balance.in_transit == 0 &&
        balance.opened == 0) {
      continue;
    }
    StockLevel level{lot, balance, {}};
    MESO_RETURN_IF_ERROR(view.Judge(level));
    levels.push_back(std::move(level));
  }
  return levels;
}

absl::Status CountOnHand(Transaction& tx, const CallContext& call, Lot& lot) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Balance> balances, ListBalancesOfLot(tx, lot.row));
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> product, LoadProduct(tx, lot.product));
  if (product) {
    lot.removal_date = RemovalDateOf(lot, product->min_remaining_life_days);
    lot.alert_date = *lot.removal_date - AlertDaysOf(*product);
  }
  lot.on_hand = 0;
  for (const Balance& balance : balances) {
    if (MaySee(call, balance.site)) lot.on_hand += balance.on_hand;
  }
  return absl::OkStatus();
}

}  // namespace meso::inventory
