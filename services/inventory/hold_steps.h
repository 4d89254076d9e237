// Steps about holds that several operations share: people set lots aside, a recall does, and so
// does an excursion of the cold chain.
//
// Internal to the operations room. All work inside the caller's transaction; none commits.
#ifndef MESO_SERVICES_INVENTORY_HOLD_STEPS_H_
#define MESO_SERVICES_INVENTORY_HOLD_STEPS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "services/inventory/domain/lot.h"
#include "services/inventory/stock_steps.h"

namespace meso::inventory {

// A hold at one site needs the role there, a hold everywhere (empty) at all sites. Errors:
// SITE_FORBIDDEN.
absl::Status CheckMayHold(const CallContext& call, const SiteName& site);

// The lot with the holds in force. Errors: RESOURCE_NOT_FOUND; ETAG_MISMATCH.
absl::StatusOr<Lot> LoadKnownLot(Transaction& tx, const LotName& name, const std::string& etag);

// Places the hold, tells it, and takes the lot from every reservation that relied on it.
absl::Status PlaceHold(Step& step, const Lot& lot, const Hold& hold);

// Ends a hold in force on the lot (given with its holds in force), tells it, and leaves work for
// the reservations that wait for such units. Errors: STATE_NOT_ALLOWED when it is not in force.
absl::Status EndHold(Step& step, const Lot& lot, const Hold& hold, const std::string& note);

// Tells that the lot is not to be used where `hold` says, and takes it from every reservation that
// relied on it, for `reason`. Stores no hold.
absl::Status WithdrawLot(Step& step, const Lot& lot, const Hold& hold, const std::string& reason);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_HOLD_STEPS_H_
