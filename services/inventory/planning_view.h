// What looking ahead knows of a site's products: shelves judged for use today, use of the last
// weeks, what is under way, what booked sessions still need.
//
// Internal to the operations room. A PlanningView remembers what it loaded: one per answer, not
// thread-safe. It reads only.
#ifndef MESO_SERVICES_INVENTORY_PLANNING_VIEW_H_
#define MESO_SERVICES_INVENTORY_PLANNING_VIEW_H_

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/database/database.h"
#include "services/inventory/domain/abc_class.h"
#include "services/inventory/domain/planning.h"
#include "services/inventory/domain/stock_promise.h"
#include "services/inventory/shelf_view.h"
#include "services/inventory/store/planning_store.h"

namespace meso::inventory {

class PlanningView {
 public:
  PlanningView(Transaction& tx, absl::Time now) : tx_(tx), now_(now), shelves_(tx, now) {}

  // The site's day. Errors: RESOURCE_NOT_FOUND for a site nobody told of.
  absl::StatusOr<absl::CivilDay> Today(const SiteName& site);
  // Errors: RESOURCE_NOT_FOUND.
  absl::StatusOr<Product> LoadKnown(const ProductName& product);
  // The product's shelves at the site with units on hand, judged, lapsed reservations not counted.
  // They live as long as the view.
  absl::StatusOr<const std::vector<AgeingShelf>*> Shelves(const SiteName& site,
                                                          const ProductName& product);
  absl::StatusOr<IssuedUnits> Issued(const SiteName& site, const ProductName& product);
  absl::StatusOr<UseHistory> History(const SiteName& site, const ProductName& product);
  // The product's class by what the site used it for in a year; C when it was not used.
  absl::StatusOr<AbcClass> ClassOf(const SiteName& site, const ProductName& product);
  // The stored par level, or one that says nothing.
  absl::StatusOr<ParLevel> Par(const SiteName& site, const ProductName& product);
  absl::StatusOr<std::vector<InboundUnits>> Inbound(const SiteName& site,
                                                    const ProductName& product);
  // Units of the product that booked sessions of the site need until `until` and no usable lot is
  // kept for.
  absl::StatusOr<int64_t> Committed(const SiteName& site, const ProductName& product,
                                    absl::CivilDay until = absl::CivilDay::max());
  // What INVALIDATED bookings of a site, or (empty) of all, need of all products and keep no usable
  // lot for.
  absl::StatusOr<std::vector<UnkeptNeed>> InvalidatedNeeds(const SiteName& site);
  // The sites with such needs.
  absl::StatusOr<std::vector<SiteName>> SitesInNeed(const ProductName& product);

 private:
  absl::Status LoadNeeds();
  // What an INVALIDATED reservation keeps of lots that may be used on its day still counts.
  absl::StatusOr<bool> IsUsable(const Reservation& reservation, const Allocation& allocation);

  Transaction& tx_;
  const absl::Time now_;
  ShelfView shelves_;
  std::map<SiteName, absl::CivilDay> today_;
  std::map<ProductName, Product> products_;
  std::map<std::pair<SiteName, ProductName>, std::vector<AgeingShelf>> ageing_;
  std::map<SiteName, std::map<ProductName, IssuedUnits>> issued_;
  std::map<SiteName, std::map<ProductName, AbcClass>> classes_;
  std::optional<std::vector<std::pair<SiteName, InboundUnits>>> inbound_;
  std::optional<std::vector<UnkeptNeed>> needs_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_PLANNING_VIEW_H_
