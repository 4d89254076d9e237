#include "services/inventory/planning_view.h"

#include <algorithm>
#include <set>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/stock_steps.h"
#include "services/inventory/store/inventory_store.h"
#include "services/inventory/store/product_use_store.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"

namespace meso::inventory {

absl::StatusOr<absl::CivilDay> PlanningView::Today(const SiteName& site) {
  const auto it = today_.find(site);
  if (it != today_.end()) return it->second;
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadZone(tx_, site));
  return today_[site] = DateAt(now_, zone);
}

absl::StatusOr<Product> PlanningView::LoadKnown(const ProductName& product) {
  const auto it = products_.find(product);
  if (it != products_.end()) return it->second;
  MESO_ASSIGN_OR_RETURN(const std::optional<Product> found, LoadProduct(tx_, product));
  if (!found) return ResourceNotFound(product.value());
  return products_.emplace(product, *found).first->second;
}

absl::StatusOr<const std::vector<AgeingShelf>*> PlanningView::Shelves(const SiteName& site,
                                                                      const ProductName& product) {
  const auto it = ageing_.find({site, product});
  if (it != ageing_.end()) return &it->second;
  MESO_ASSIGN_OR_RETURN(const absl::CivilDay today, Today(site));
  MESO_ASSIGN_OR_RETURN(const Product known, LoadKnown(product));
  MESO_ASSIGN_OR_RETURN(std::vector<Candidate> candidates, LoadCandidates(tx_, site, product));
  std::vector<AgeingShelf>& shelves = ageing_[{site, product}];
  for (Candidate& candidate : candidates) {
    MESO_RETURN_IF_ERROR(shelves_.Judge(candidate));
    AgeingShelf ageing;
    ageing.removal_date = RemovalDateOf(candidate.lot, known.min_remaining_life_days);
    ageing.days_left = ageing.removal_date - today;
    ageing.shelf = std::move(candidate);
    shelves.push_back(std::move(ageing));
  }
  return &shelves;
}

absl::StatusOr<IssuedUnits> PlanningView::Issued(const SiteName& site, const ProductName& product) {
  if (issued_.count(site) == 0) {
    MESO_ASSIGN_OR_RETURN(issued_[site], ListIssuedUnits(tx_, site));
  }
  const std::map<ProductName, IssuedUnits>& of_site = issued_[site];
  const auto it = of_site.find(product);
  return it == of_site.end() ? IssuedUnits() : it->second;
}

absl::StatusOr<UseHistory> PlanningView::History(const SiteName& site, const ProductName& product) {
  MESO_ASSIGN_OR_RETURN(const absl::CivilDay today, Today(site));
  return LoadUseHistory(tx_, site, product, today);
}

absl::StatusOr<ParLevel> PlanningView::Par(const SiteName& site, const ProductName& product) {
  const ParLevelName name = ParLevelNameOf(site, product);
  MESO_ASSIGN_OR_RETURN(const std::optional<ParLevel> stored, LoadParLevel(tx_, name));
  ParLevel none;
  none.name = name;
  return stored.value_or(none);
}

absl::StatusOr<AbcClass> PlanningView::ClassOf(const SiteName& site, const ProductName& product) {
  if (classes_.count(site) == 0) {
    MESO_ASSIGN_OR_RETURN(const absl::CivilDay today, Today(site));
    MESO_ASSIGN_OR_RETURN(const std::vector<YearlyUse> uses,
                          ListProductUse(tx_, site, today - kAbcDays));
    classes_[site] = AbcClassOf(uses);
  }
  const auto it = classes_[site].find(product);
  return it == classes_[site].end() ? AbcClass::kC : it->second;
}

absl::StatusOr<std::vector<InboundUnits>> PlanningView::Inbound(const SiteName& site,
                                                                const ProductName& product) {
  if (!inbound_) {
    MESO_ASSIGN_OR_RETURN(inbound_, ListInbound(tx_, SiteName()));
  }
  std::vector<InboundUnits> found;
  for (const auto& [receiver, inbound] : *inbound_) {
    if (receiver == site && inbound.product() == product) found.push_back(inbound);
  }
  return found;
}

absl::StatusOr<int64_t> PlanningView::Committed(const SiteName& site, const ProductName& product,
                                                absl::CivilDay until) {
  MESO_RETURN_IF_ERROR(LoadNeeds());
  int64_t committed = 0;
  for (const UnkeptNeed& need : *needs_) {
    if (need.site == site && need.product == product && need.use_date <= until) {
      committed += need.ampoules;
    }
  }
  return committed;
}

absl::StatusOr<std::vector<SiteName>> PlanningView::SitesInNeed(const ProductName& product) {
  MESO_RETURN_IF_ERROR(LoadNeeds());
  std::set<SiteName> sites;
  for (const UnkeptNeed& need : *needs_) {
    if (need.product == product) sites.insert(need.site);
  }
  return std::vector<SiteName>(sites.begin(), sites.end());
}

absl::Status PlanningView::LoadNeeds() {
  if (needs_) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(needs_, ListPromisedNeeds(tx_, SiteName(), now_, /*booked_only=*/true));
  MESO_ASSIGN_OR_RETURN(const std::vector<UnkeptNeed> invalidated, InvalidatedNeeds(SiteName()));
  needs_->insert(needs_->end(), invalidated.begin(), invalidated.end());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UnkeptNeed>> PlanningView::InvalidatedNeeds(const SiteName& site) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Reservation> invalidated,
                        ListInvalidatedBookings(tx_, site, now_));
  std::vector<UnkeptNeed> needs;
  for (const Reservation& reservation : invalidated) {
    MESO_ASSIGN_OR_RETURN(const std::vector<Need> recipe, LoadRecipe(tx_, reservation.cocktail));
    for (const Need& need : UndrawnNeeds(recipe, reservation)) {
      int64_t missing = need.ampoules;
      for (const Allocation& allocation : reservation.allocations) {
        if (allocation.product != need.product || allocation.Left() == 0) continue;
        MESO_ASSIGN_OR_RETURN(const bool usable, IsUsable(reservation, allocation));
        if (usable) missing -= allocation.Left();
      }
      if (missing <= 0) continue;
      needs.push_back({reservation.site, need.product, reservation.use_date, missing});
    }
  }
  return needs;
}

absl::StatusOr<bool> PlanningView::IsUsable(const Reservation& reservation,
                                            const Allocation& allocation) {
  MESO_ASSIGN_OR_RETURN(const Product product, LoadKnown(allocation.product));
  MESO_ASSIGN_OR_RETURN(Use use, UseAt(tx_, reservation.site, product, reservation.use_date));
  MESO_ASSIGN_OR_RETURN(const std::optional<Lot> lot, LoadLotByRow(tx_, allocation.lot_row));
  if (!lot) return absl::DataLossError("an allocation without its lot");
  use.unit = allocation.unit;
  return DecideEligibility(*lot, use).empty();
}

}  // namespace meso::inventory
