// Whether a site can do a recipe on a date ahead: every lot looked at, taken or passed over, and
// why.
//
// Pure. Earlier promises take their units first, each on its own day from the lots usable then, so
// that a lot that expires between their day and ours is theirs. Later ones do not go first, but we
// may take nothing that one of them would then miss. Usability is DecideEligibility's word.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_STOCK_PROMISE_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_STOCK_PROMISE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/lot.h"

namespace meso::inventory {

inline constexpr char kNotNeeded[] = "NOT_NEEDED";

// Units under way to a site.
struct InboundUnits {
  std::string transfer;  // transfers/{uuid}
  Lot lot;               // with the holds in force
  int64_t ampoules = 0;
  absl::CivilDay expected_date;  // at the receiving site

  const ProductName& product() const { return lot.product; }
};

// Units that sessions of one day count on without lots.
struct PromisedNeed {
  absl::CivilDay use_date;
  int64_t ampoules = 0;
};

// All there is about one product of the recipe.
struct PromiseQuestion {
  Need need;  // for all sessions asked for
  Use use;    // at the site, on the use date
  std::vector<Candidate> shelves;
  std::vector<InboundUnits> inbound;
  std::vector<PromisedNeed> promised;  // of others, on any day
};

struct PromisedLot {
  LotName lot;
  std::string lot_number;
  absl::CivilDay expiry;
  int64_t ampoules = 0;                         // taken
  int64_t skipped = 0;                          // free, and passed over
  std::vector<std::string> reasons;             // why; empty = taken
  std::string transfer;                         // empty = on the shelf
  std::optional<absl::CivilDay> expected_date;  // of the transfer
};

struct PromisedProduct {
  ProductName product;
  int64_t needed = 0;
  int64_t promised = 0;  // to others, on or before the use date
  int64_t missing = 0;
  std::vector<PromisedLot> lots;  // in the order of use
};

PromisedProduct DecidePromise(const PromiseQuestion& question);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_STOCK_PROMISE_H_
