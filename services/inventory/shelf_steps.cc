#include "services/inventory/shelf_steps.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/domain/gs1.h"
#include "services/inventory/domain/storage_unit.h"
#include "services/inventory/store/reservation_store.h"
#include "services/inventory/store/stock_store.h"
#include "services/inventory/store/storage_unit_store.h"

namespace meso::inventory {
namespace {

// Is there a usable lot that expires earlier and could be taken instead?
absl::Status CheckFefo(const Lot& lot, const Taking& taking,
                       const std::vector<Candidate>& shelves) {
  for (const Candidate& shelf : shelves) {
    if (!shelf.reasons.empty() || shelf.lot.expiry >= lot.expiry) continue;
    int64_t within_reach = shelf.Free();
    if (taking.own != nullptr) {
      for (const Allocation& allocation : taking.own->allocations) {
        if (allocation.lot_row == shelf.lot.row) within_reach += allocation.Left();
      }
    }
    if (within_reach > 0) return NotFefo(lot, shelf.lot);
  }
  return absl::OkStatus();
}

// Why the lot's shelves do not give that many: what makes it unusable is said first, also where the
// site has none.
absl::Status ExplainLack(Step& step, const Lot& lot, const Taking& taking, const Balance& there,
                         std::vector<std::string> reasons) {
  if (reasons.empty()) {
    MESO_ASSIGN_OR_RETURN(reasons, JudgeLot(step, taking.site, taking.unit, lot, taking.date));
  }
  if (!reasons.empty()) return LotNotUsable(lot, taking.site, taking.date, reasons);
  MESO_ASSIGN_OR_RETURN(const std::vector<ReservationName> keepers,
                        ListKeepers(step.tx, lot, taking.site, taking.unit));
  return LacksFreeUnits(lot, taking.ampoules, there, keepers);
}

}  // namespace

absl::Status CheckUnitExists(Transaction& tx, const SiteName& site, const std::string& unit) {
  const StorageUnitName name = StorageUnitNameOf(site, unit);
  MESO_ASSIGN_OR_RETURN(const std::optional<StorageUnit> found, LoadStorageUnit(tx, name));
  return found ? absl::OkStatus() : ResourceNotFound(name.value());
}

absl::Status TakeOffShelf(Step& step, const Lot& lot, const Movement& line) {
  MESO_RETURN_IF_ERROR(CheckUnitExists(step.tx, line.site, line.unit));
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, line.site));
  MESO_ASSIGN_OR_RETURN(const Balance shelf, LoadBalance(step.tx, lot.row, line.site, line.unit));
  if (shelf.on_hand - shelf.reserved < line.ampoules) {
    MESO_ASSIGN_OR_RETURN(const std::vector<ReservationName> keepers,
                          ListKeepers(step.tx, lot, line.site, line.unit));
    return LacksFreeUnits(lot, line.ampoules, shelf, keepers);
  }
  return AppendMovement(step.tx, lot, line, 0, [lot, wanted = line.ampoules, shelf] {
    return LacksFreeUnits(lot, wanted, shelf, {});
  });
}

absl::StatusOr<std::vector<ShelfShare>> ChooseShelves(Step& step, const Lot& lot,
                                                      const Taking& taking) {
  if (!taking.unit.empty()) {
    MESO_RETURN_IF_ERROR(CheckUnitExists(step.tx, taking.site, taking.unit));
  }
  MESO_RETURN_IF_ERROR(ExpireLapsed(step, taking.site));
  MESO_ASSIGN_OR_RETURN(
      std::vector<Candidate> shelves,
      LoadUsable(step, taking.site, {{lot.product, taking.ampoules}}, taking.date));
  std::sort(shelves.begin(), shelves.end(), [](const Candidate& a, const Candidate& b) {
    return std::make_tuple(a.balance.unit != kMainUnit, a.balance.unit) <
           std::make_tuple(b.balance.unit != kMainUnit, b.balance.unit);
  });
  Balance there{taking.site, taking.unit};
  int64_t free = 0;
  std::vector<std::string> reasons;  // of the last shelf that may not be taken from
  const auto is_meant = [&](const Candidate& shelf) {
    return shelf.lot.row == lot.row && (taking.unit.empty() || shelf.balance.unit == taking.unit);
  };
  for (const Candidate& shelf : shelves) {
    if (!is_meant(shelf)) continue;
    there.on_hand += shelf.balance.on_hand;
    there.reserved += shelf.balance.reserved;
    if (shelf.reasons.empty()) free += shelf.Free();
    if (!shelf.reasons.empty()) reasons = shelf.reasons;
  }
  if (free < taking.ampoules) return ExplainLack(step, lot, taking, there, std::move(reasons));
  if (taking.fefo_override == FefoOverride::kNone) {
    MESO_RETURN_IF_ERROR(CheckFefo(lot, taking, shelves));
  } else {
    step.call.audit.facts["fefo_override"] = absl::StrCat(static_cast<int>(taking.fefo_override));
  }
  std::vector<ShelfShare> shares;
  int64_t left = taking.ampoules;
  for (const Candidate& shelf : shelves) {
    if (!is_meant(shelf) || !shelf.reasons.empty() || left == 0) continue;
    const int64_t taken = std::min(left, shelf.Free());
    if (taken > 0) shares.push_back({shelf.balance.unit, taken});
    left -= taken;
  }
  return shares;
}

}  // namespace meso::inventory
