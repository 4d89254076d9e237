// How shelves and lots are shown to a reader: judged for use today at their site, lapsed
// reservations not counted, and only the caller's sites.
//
// Internal to the operations room. A ShelfView remembers what it loaded of sites and products: one
// per answer, not thread-safe.
#ifndef MESO_SERVICES_INVENTORY_SHELF_VIEW_H_
#define MESO_SERVICES_INVENTORY_SHELF_VIEW_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "services/inventory/domain/recall.h"
#include "services/inventory/domain/reservation.h"

namespace meso::inventory {

class ShelfView {
 public:
  ShelfView(Transaction& tx, absl::Time now) : tx_(tx), now_(now) {}

  // Fills the reasons why the lot may not be used today, and takes lapsed reservations off the
  // reserved units.
  absl::Status Judge(StockLevel& level);

 private:
  absl::StatusOr<absl::CivilDay> Today(const SiteName& site);
  absl::StatusOr<Use> UseFor(const SiteName& site, const ProductName& product);
  absl::StatusOr<int64_t> LapsedUnits(const SiteName& site, int64_t lot_row,
                                      const std::string& unit);

  Transaction& tx_;
  const absl::Time now_;
  std::map<SiteName, absl::CivilDay> today_;
  std::map<std::pair<SiteName, ProductName>, Use> uses_;
  std::map<SiteName, std::map<std::pair<int64_t, std::string>, int64_t>> lapsed_;
};

// The shelves of a lot that the caller may see, judged. `hidden` becomes true when there are
// others.
absl::StatusOr<std::vector<StockLevel>> LevelsOfLot(Transaction& tx, const CallContext& call,
                                                    absl::Time now, const Lot& lot, bool& hidden);

// Fills for an answer: on_hand with the units at the caller's sites, and the days that follow from
// the product's rules.
absl::Status CountOnHand(Transaction& tx, const CallContext& call, Lot& lot);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_SHELF_VIEW_H_
