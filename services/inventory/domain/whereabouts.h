// Where units of a lot were, as the ledger tells it: what an excursion needs to know who was there,
// where those units had been before, and where they are now.
//
// Pure. The ledger counts units, it does not tell them apart: of units that came from another shelf
// it is not known which. So a shelf's units take with them the history of every shelf of the lot
// that gave units away before they came - also of those that may not have been theirs. Unknown is
// never safe.
//
// For the same reason no later line makes it untrue that units were somewhere: what came counts
// from when it happened, what left until it was recorded, and what left and was taken back never
// left. Units that were found lay somewhere in their site's storage units before they were found.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_WHEREABOUTS_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_WHEREABOUTS_H_

#include <cstdint>
#include <map>
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
  // When the lot first came to a site; known of sites where units were found.
  std::map<SiteName, absl::Time> first_at = {};
};

// The same as it was known at a time: without the lines recorded later.
RecentLines AsRecordedBy(RecentLines lot, absl::Time time);

// Units that turned up on the shelf and the ledger does not say from where. What a record of a
// treatment brings into the books is used up at once and was never found.
bool IsFound(const Movement& line);

// Units of the lot kept on a shelf: on hand, or opened and kept for further use. What is drawn is
// in a treatment room.
struct Presence {
  std::vector<Interval> when;   // ordered; the first begins at `from` when units were there then
  std::vector<int64_t> levels;  // the most units at once, of each interval
};
// On a shelf of the lot units are also there as long as they may have lain there unnoticed.
Presence PresenceAt(const RecentLines& lot, const Shelf& shelf);

// Since when units of the newest line may have lain unnoticed in any storage unit of its site:
// since the books missed as many, else since the lot came there. InfiniteFuture = it found none.
absl::Time UnnoticedSince(const RecentLines& lot);

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

// A shelf where units may be now, and when it last got units that may be those.
struct Place {
  Shelf shelf;
  absl::Time arrival = absl::InfinitePast();  // InfinitePast = they were always there
};
// Where units that were on `shelf` at `begin` or later may be now: there, and on every shelf that
// got units since, of the same site or of one that was reached by transfers from there. Shelves
// with units only, on hand, opened, drawn or under way.
std::vector<Place> PlacesNow(const RecentLines& lot, const Shelf& shelf, absl::Time begin);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_WHEREABOUTS_H_
