// Where units of a lot were, as the ledger tells it: what an excursion needs to know who was there,
// where those units had been before, and where they are now.
//
// Pure. The ledger counts units, it does not tell them apart: of units that came from another shelf
// it is not known which. So a shelf's units take with them the history of every shelf of the lot
// that gave units away before they came - also of those that may not have been theirs. Unknown is
// never safe.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_WHEREABOUTS_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_WHEREABOUTS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "services/inventory/domain/cold_chain.h"
#include "services/inventory/domain/ledger.h"

namespace meso::inventory {

// A lot's shelves as they are, and its lines recorded since `from`, in the order of their index.
struct RecentLines {
  absl::Time from;
  std::vector<StoredBalance> balances;
  std::vector<Movement> lines;
};

// Units of the lot kept on a shelf: on hand, or opened and kept for further use. What is drawn is
// in a treatment room.
struct Presence {
  std::vector<Interval> when;   // ordered; the first begins at `from` when units were there then
  std::vector<int64_t> levels;  // the most units at once, of each interval
};
Presence PresenceAt(const RecentLines& lot, const Shelf& shelf);

// The most units that were on the shelf at once from `begin` through `end`; 0 = none.
int64_t UnitsDuring(const Presence& presence, absl::Time begin, absl::Time end);

// A shelf that units of the lot may have been on.
struct Stay {
  Shelf shelf;
  Interval when;
};
// Where the units that are or were on `shelf` may have been since `from`: there, and before they
// came on every shelf that had given units away by then.
std::vector<Stay> StaysOf(const RecentLines& lot, const Shelf& shelf);

// Where units that were on `shelf` at `begin` or later may be now: there, and on every shelf that
// got units from another since. Shelves with units only, on hand, opened, drawn or under way.
std::vector<Shelf> PlacesNow(const RecentLines& lot, const Shelf& shelf, absl::Time begin);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_WHEREABOUTS_H_
