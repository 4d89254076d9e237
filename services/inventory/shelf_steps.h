// Taking units off shelves: which lot a scan means, which shelves have free units of it, and what
// stands in the way when there are too few.
//
// Internal to the operations room. All work inside the caller's transaction; none commits.
#ifndef MESO_SERVICES_INVENTORY_SHELF_STEPS_H_
#define MESO_SERVICES_INVENTORY_SHELF_STEPS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/inventory/domain/administration.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/reservation.h"
#include "services/inventory/stock_steps.h"

namespace meso::inventory {

// Errors: RESOURCE_NOT_FOUND when the site has no storage unit of that code.
absl::Status CheckUnitExists(Transaction& tx, const SiteName& site, const std::string& unit);

// Appends a line that takes units off its shelf; only units nobody keeps go, whether or not they
// may be used. What lapsed gives way first. Errors: INSUFFICIENT_STOCK, with every cause.
absl::Status TakeOffShelf(Step& step, const Lot& lot, const Movement& line);

// Free units to be used.
struct Taking {
  SiteName site;
  std::string unit;  // of one storage unit; empty = any, main first
  int64_t ampoules = 0;
  absl::CivilDay date;  // the day of use at the site
  FefoOverride fefo_override = FefoOverride::kNone;
  const Reservation* own = nullptr;  // what it keeps counts as within reach for FEFO
};
struct ShelfShare {
  std::string unit;
  int64_t ampoules = 0;
};

// The shelves the units come from. Errors: LOT_EXPIRED, ... as DecideEligibility says;
// INSUFFICIENT_STOCK with every cause; NOT_FEFO.
absl::StatusOr<std::vector<ShelfShare>> ChooseShelves(Step& step, const Lot& lot,
                                                      const Taking& taking);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_SHELF_STEPS_H_
