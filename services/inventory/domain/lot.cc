#include "services/inventory/domain/lot.h"

namespace meso::inventory {

bool Hold::HoldsAt(const SiteName& where, const std::string& shelf, absl::Time at) const {
  if (!site.empty() && site != where) return false;
  if (!unit.empty() && !shelf.empty() && unit != shelf) return false;
  return place_time <= at && (!release_time || at < *release_time);
}

absl::CivilDay RemovalDateOf(const Lot& lot, int64_t min_remaining_life_days) {
  return lot.expiry + 1 - min_remaining_life_days;
}

std::vector<std::string> DecideEligibility(const Lot& lot, const Use& use) {
  bool recalled = false, quarantined = false, counted = false;
  for (const Hold& hold : lot.holds) {
    if (!hold.HoldsAt(use.site, use.unit, use.as_of)) continue;
    recalled |= hold.kind == HoldKind::kRecall;
    quarantined |= hold.kind == HoldKind::kQuarantine || hold.kind == HoldKind::kExcursion;
    counted |= hold.kind == HoldKind::kCount;
  }
  std::vector<std::string> reasons;
  if (recalled) reasons.emplace_back(kLotRecalled);
  if (quarantined) reasons.emplace_back(kLotQuarantined);
  if (counted) reasons.emplace_back(kCountInProgress);
  if (use.draft || lot.state != LotState::kReleased) reasons.emplace_back(kLotNotReleased);
  if (!use.authorised) reasons.emplace_back(kNotAuthorised);
  if (lot.expiry < use.date) {
    reasons.emplace_back(kLotExpired);
  } else if (lot.expiry - use.date < use.min_remaining_life_days) {
    reasons.emplace_back(kBeyondUseDate);
  }
  return reasons;
}

}  // namespace meso::inventory
