// The refusals that are inventory's own, each named for the fact. Pure; none ever holds patient
// data.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_ERRORS_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_ERRORS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/container.h"
#include "services/inventory/domain/lot.h"

namespace meso::inventory {

// NOT_FOUND / UNKNOWN_GTIN.
absl::Status UnknownGtin(absl::string_view gtin);
// FAILED_PRECONDITION / LOT_MISMATCH: the number is known with another expiry.
absl::Status LotMismatch(const Lot& known, absl::CivilDay given);
// INVALID_ARGUMENT / SCAN_AMBIGUOUS: the scan and the fields beside it, or the scan in itself,
// disagree.
absl::Status ScanAmbiguous(absl::string_view field, absl::string_view why);
// FAILED_PRECONDITION / INSUFFICIENT_STOCK with every short product and every lot passed over.
absl::Status InsufficientStock(const SiteName& site, absl::CivilDay use_date,
                               const AllocationPlan& plan);
// FAILED_PRECONDITION / INSUFFICIENT_STOCK: the shelf has only `free` units of this lot that nobody
// has reserved.
absl::Status NotEnoughOfLot(const Lot& lot, const SiteName& site, int64_t wanted, int64_t free);
// FAILED_PRECONDITION / INSUFFICIENT_STOCK: `shelf` (its unit empty = all of the site's) has fewer
// than `wanted` units of the lot that nobody keeps; every cause, and every keeper, as violations.
absl::Status LacksFreeUnits(const Lot& lot, int64_t wanted, const Balance& shelf,
                            const std::vector<ReservationName>& keepers);
// FAILED_PRECONDITION / INSUFFICIENT_STOCK: the appointment has drawn only `open` units of the lot
// that are neither given nor wasted.
absl::Status NotDrawnThatMany(const Lot& lot, const AppointmentName& appointment, int64_t wanted,
                              int64_t open);
// FAILED_PRECONDITION / INSUFFICIENT_STOCK: taking a movement back needs `wanted` units that are on
// the shelf and nobody keeps; every cause, and every reservation that keeps some, as violations.
absl::Status ReversalLacksUnits(absl::string_view movement, const Lot& lot, int64_t wanted,
                                const Balance& shelf, const std::vector<ReservationName>& keepers);
// FAILED_PRECONDITION / STOCK_NOT_AVAILABLE with cause BEYOND_HORIZON: `horizon` is the last day
// for which stock is promised.
absl::Status BeyondHorizon(const SiteName& site, absl::CivilDay use_date, absl::CivilDay horizon);
// FAILED_PRECONDITION / STOCK_NOT_AVAILABLE with cause NOT_AUTHORISED: the products may not be used
// where the site is.
absl::Status NotAuthorised(const SiteName& site, absl::string_view jurisdiction,
                           const std::vector<ProductName>& products);
// FAILED_PRECONDITION with the gravest reason of DecideEligibility, and all of them as violations.
absl::Status LotNotUsable(const Lot& lot, const SiteName& site, absl::CivilDay use_date,
                          const std::vector<std::string>& reasons);
// FAILED_PRECONDITION / NOT_FEFO: `earlier` is to be used before `wanted`.
absl::Status NotFefo(const Lot& wanted, const Lot& earlier);
// FAILED_PRECONDITION / NOT_FEFO: `open` is to be used up before a new unit of `wanted` is opened.
absl::Status OpenedComesFirst(const Lot& wanted, const OpenedContainer& open);
// FAILED_PRECONDITION with the gravest reason of DecideContainerUse, and all of them as violations.
absl::Status ContainerNotUsable(const OpenedContainer& container);
// FAILED_PRECONDITION / INSUFFICIENT_STOCK: the container holds less than `wanted` microlitres.
absl::Status TooLittleLeft(const OpenedContainer& container, int64_t wanted);
// FAILED_PRECONDITION / STATE_NOT_ALLOWED: `product` is not, or no longer, in the reservation's
// recipe.
absl::Status NotInRecipe(const ProductName& product, absl::string_view reservation);
// FAILED_PRECONDITION / PERIOD_CLOSED: a line can't be back-dated to `occurred`; `limit` is the
// moment that forbids it.
absl::Status PeriodClosed(absl::Time occurred, absl::Time limit, absl::string_view why);
// FAILED_PRECONDITION / SELF_APPROVAL: `object` needs a second person.
absl::Status SelfApproval(absl::string_view object, absl::string_view what);
// Why units of one shelf can't leave it: the lot may not be used, there are too few, or
// reservations keep them.
struct ShelfRefusal {
  Lot lot;
  Balance shelf;
  int64_t wanted = 0;
  std::vector<std::string> reasons;  // of DecideEligibility
  std::vector<ReservationName> keepers;
};
// FAILED_PRECONDITION with the first reason of DecideEligibility, else INSUFFICIENT_STOCK; every
// cause of every shelf, and every reservation that keeps units, as violations. Precondition: at
// least one.
absl::Status ShipmentRefused(const SiteName& site, absl::CivilDay date,
                             const std::vector<ShelfRefusal>& refusals);
// ALREADY_EXISTS / ALREADY_EXISTS: the sensor has another temperature (hundredths of a degree) for
// that time.
absl::Status ReadingDiffers(absl::string_view sensor, absl::Time time, int64_t known,
                            int64_t given);
// INVALID_ARGUMENT / RANGE_TOO_LARGE.
absl::Status TraceTooLarge(absl::string_view what, int limit);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_ERRORS_H_
