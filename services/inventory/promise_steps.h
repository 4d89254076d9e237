// Steps about promises, the reservations beyond the allocation horizon: they count on a recipe
// without lots, and get lots when their use date comes within it.
//
// Internal to the operations room. A row of pending work is due at that moment, but nothing relies
// on its punctuality: whoever is about to take units of a site, or to draw, keeps what is due
// first. All work inside the caller's transaction; none commits.
#ifndef MESO_SERVICES_INVENTORY_PROMISE_STEPS_H_
#define MESO_SERVICES_INVENTORY_PROMISE_STEPS_H_

#include <vector>

#include "absl/status/status.h"
#include "services/inventory/stock_steps.h"

namespace meso::inventory {

// Errors: STOCK_NOT_AVAILABLE / NOT_AUTHORISED with every product that may not be used at the site.
absl::Status CheckAuthorised(Step& step, const SiteName& site, const std::vector<Need>& needs);

// Leaves the one row of work that gives a stored PROMISED reservation its lots.
absl::Status QueuePromise(Step& step, const Reservation& reservation, int horizon_days);

// Takes the row away, where there is one.
absl::Status DropPromiseWork(Step& step, const ReservationName& name);

// True when a live promise's use date has come within the horizon.
absl::StatusOr<bool> IsPromiseDue(Step& step, const Reservation& reservation, int horizon_days);

// Gives a PROMISED reservation its lots, or turns it INVALIDATED; either is told. Its work is
// ended.
absl::Status KeepPromise(Step& step, const Reservation& reservation);

// Keeps promises of the site that are due, soonest use first: who was promised units before gets
// them before anybody new. True when that were all of them; the others are left to pending work.
absl::StatusOr<bool> KeepDuePromises(Step& step, const SiteName& site, int horizon_days);

// Counts as reserved what the due promises of the site need that are not kept yet, soonest use
// first.
absl::Status SetAsideForDue(Step& step, const SiteName& site, int horizon_days,
                            std::vector<Candidate>& candidates);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_PROMISE_STEPS_H_
