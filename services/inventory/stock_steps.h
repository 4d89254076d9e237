// Steps that several operations share: the site's calendar, what a shelf offers, reservations
// losing and finding lots.
//
// Internal to the operations room. Every check whether a lot may be used goes through LoadUsable
// here, and so through DecideEligibility. All work inside the caller's transaction; none commits.
#ifndef MESO_SERVICES_INVENTORY_STOCK_STEPS_H_
#define MESO_SERVICES_INVENTORY_STOCK_STEPS_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/inventory/domain/ledger.h"
#include "services/inventory/domain/reservation.h"
#include "services/inventory/events/inventory_events.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

// One operation's run: its transaction, its caller, its moment.
struct Step {
  Transaction& tx;
  const CallContext& call;
  absl::Time now;
  IdSource& ids;
  const std::function<void()>& wake_work;

  EventStamp Stamp() const { return {ids, now, call.trace_parent}; }
};

// The service's own context of work of a kind that follows from a call or an event: correlation,
// cause and trace go on, the rights of whoever called do not.
CallContext OwnWorkOf(const CallContext& call, const std::string& kind);

// A line of the ledger that the caller is about to write, as of now.
Movement LineOf(const Step& step, MovementKind kind, const SiteName& site, const std::string& unit,
                int64_t ampoules);

// Checks that a line may be back-dated to its occurred_time: within the open period of the site,
// and no later balance of its shelf below zero. A line as of now passes. Errors: FIELD_INVALID for
// a time in the future; PERIOD_CLOSED.
absl::Status CheckBackdating(Step& step, const Lot& lot, const Movement& movement);

// A site. Errors: RESOURCE_NOT_FOUND when the projection has no such site.
absl::StatusOr<Site> LoadKnownSite(Transaction& tx, const SiteName& name);

// The zone of a site, and of one by its name. Errors: as above; INTERNAL for an unknown zone.
absl::StatusOr<absl::TimeZone> ZoneOf(const Site& site);
absl::StatusOr<absl::TimeZone> LoadZone(Transaction& tx, const SiteName& name);

// The recipe of a published revision. Errors: RESOURCE_NOT_FOUND; STATE_NOT_ALLOWED for a draft.
absl::StatusOr<std::vector<Need>> LoadRecipe(Transaction& tx, const CocktailRevisionName& name);

// Products of a recipe with what a site has of them, each lot judged for use at the site on `date`.
absl::StatusOr<std::vector<Candidate>> LoadUsable(Step& step, const SiteName& site,
                                                  const std::vector<Need>& needs,
                                                  absl::CivilDay date);

// Of these as many as it takes to meet the needs, in the order of use: what DecideAllocation takes
// or passes over. A site may have hundreds of lots, and a session needs the first few.
absl::StatusOr<std::vector<Candidate>> LoadFirstUsable(Step& step, const SiteName& site,
                                                       const std::vector<Need>& needs,
                                                       absl::CivilDay date);

// The use of a product at a site on a date, in any storage unit, for DecideEligibility. Errors:
// RESOURCE_NOT_FOUND when the projection has no such site.
absl::StatusOr<Use> UseAt(Transaction& tx, const SiteName& name, const Product& product,
                          absl::CivilDay date);

// The rule for one lot in a storage unit (empty = any) at the site on `date`, with its product's
// minimum life.
absl::StatusOr<std::vector<std::string>> JudgeLot(Step& step, const SiteName& name,
                                                  const std::string& unit, const Lot& lot,
                                                  absl::CivilDay date);
// The same at a site that is loaded already.
absl::StatusOr<std::vector<std::string>> JudgeLot(Step& step, const Site& site,
                                                  const std::string& unit, const Lot& lot,
                                                  absl::CivilDay date);

// Counts the units as free that `reservation` keeps.
void CountAsFree(const Reservation& reservation, std::vector<Candidate>& candidates);

// Turns the site's lapsed reservations EXPIRED, gives their units back, and leaves work for those
// that wait for them.
absl::Status ExpireLapsed(Step& step, const SiteName& site);

// Gives back all undrawn units. The allocations stay as history.
absl::Status FreeUndrawn(Step& step, const Reservation& reservation);

// Keeps the planned units for the stored reservation.
absl::Status KeepPlanned(Step& step, const Reservation& reservation, const AllocationPlan& plan);

// Marks a reservation INVALIDATED for `reason`, tells it, and leaves the work to find other lots.
absl::Status Invalidate(Step& step, Reservation reservation, const std::string& reason,
                        const std::vector<LotName>& lots);

// The usable lots for what a reservation still needs; what it keeps itself counts as free.
absl::StatusOr<AllocationPlan> PlanUndrawn(Step& step, const Reservation& reservation);

// Keeps usable lots for what an INVALIDATED or PROMISED reservation still needs, all or nothing.
// True when it did: the event is appended. False: nothing changed.
absl::StatusOr<bool> Reallocate(Step& step, Reservation reservation);

// Leaves work for the INVALIDATED reservations that need the product at a site, or (empty) at any.
absl::Status QueueReallocations(Step& step, const SiteName& site, const ProductName& product);

// Makes so many units of a lot free at a site, in one storage unit or (empty) any of them, whoever
// they are kept for: the newest reservations lose them and look for others. Errors: INTERNAL when
// the shelves have not that many, which the caller has checked.
absl::Status TakeFromReservations(Step& step, const Lot& lot, const SiteName& site,
                                  const std::string& unit, int64_t ampoules);

// The reservations that keep undrawn units of a lot in a storage unit of the site, or (empty) in
// any, newest first.
absl::StatusOr<std::vector<ReservationName>> ListKeepers(Transaction& tx, const Lot& lot,
                                                         const SiteName& site,
                                                         const std::string& unit);

// The products of which a reservation keeps undrawn units.
std::set<ProductName> UndrawnProducts(const Reservation& reservation);

// Leaves work for the reservations that wait for units of the products that were freed at a site.
absl::Status QueueForFreed(Step& step, const SiteName& site, const std::set<ProductName>& products);

// The sites an answer may speak of.
bool MaySee(const CallContext& call, const SiteName& site);

// The audit entry of work nobody called for.
absl::Status RecordOwnWork(Step& step, const Reservation& reservation, const std::string& effect);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STOCK_STEPS_H_
