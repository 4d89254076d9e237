// Reservations and the lots they keep, in SQL.
//
// These functions write the reservation's own rows; the units it keeps are moved with ReserveUnits
// and FreeUnits of stock_store.h in the same transaction. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_RESERVATION_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_RESERVATION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/reservation.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

// With its allocations in the order of use.
absl::StatusOr<std::optional<Reservation>> LoadReservation(Transaction& tx,
                                                           const ReservationName& name);
// Inserts the row without allocations and returns its number. Errors: STATE_NOT_ALLOWED when the
// name is taken.
absl::StatusOr<int64_t> InsertReservation(Transaction& tx, const Reservation& reservation);
// Writes state, appointment, use, confirmation, lapse and reasons, and raises the revision. Errors:
// ABORTED / ETAG_MISMATCH when the stored revision is not the one loaded.
absl::Status UpdateReservation(Transaction& tx, const Reservation& reservation);
// Writes the state alone, which leaves most of the indexes untouched. As above else. Precondition:
// nothing else has changed.
absl::Status UpdateReservationState(Transaction& tx, const Reservation& reservation);

// Adds units of a lot to what a reservation keeps; a second row of the same shelf is added up.
absl::Status AddAllocation(Transaction& tx, int64_t reservation_row, const Allocation& allocation);
// Takes undrawn units away; the row goes when nothing is left of it.
absl::Status RemoveAllocation(Transaction& tx, int64_t reservation_row,
                              const Allocation& allocation, int64_t ampoules);
// Counts units of an allocation as drawn.
absl::Status UpdateAllocationDrawn(Transaction& tx, int64_t reservation_row,
                                   const Allocation& allocation, int64_t ampoules);
// Counts drawn units of a lot as not drawn any more. They stay with the reservation when `keep`,
// else it loses them.
absl::Status UpdateAllocationReturned(Transaction& tx, int64_t reservation_row, int64_t lot_row,
                                      const std::string& unit, int64_t ampoules, bool keep);

// At most `limit` reservations of the site that are live although their time has passed, oldest
// first.
absl::StatusOr<std::vector<Reservation>> ListLapsed(Transaction& tx, const SiteName& site,
                                                    absl::Time now, int limit);
// Reservations that keep undrawn units of a lot, at one site or (empty) all, newest first.
absl::StatusOr<std::vector<Reservation>> ListReservationsOnLot(Transaction& tx, int64_t lot_row,
                                                               const SiteName& site);
// Everything ever kept for the appointment, oldest first.
absl::StatusOr<std::vector<Reservation>> ListReservationsOfAppointment(
    Transaction& tx, const AppointmentName& appointment);
// INVALIDATED reservations whose recipe has the product, at one site or (empty) all, soonest use
// first.
absl::StatusOr<std::vector<ReservationName>> ListInvalidatedNeeding(Transaction& tx,
                                                                    const SiteName& site,
                                                                    const ProductName& product);
// At most `limit` PROMISED reservations of the site for use dates until `until`, soonest first, of
// one day the earliest made.
absl::StatusOr<std::vector<Reservation>> ListPromisedUntil(Transaction& tx, const SiteName& site,
                                                           absl::CivilDay until, int limit);
// INVALIDATED reservations behind bookings, at one site or (empty) all.
absl::StatusOr<std::vector<Reservation>> ListInvalidatedBookings(Transaction& tx,
                                                                 const SiteName& site,
                                                                 absl::Time now);
// In the order of names; `site` empty = all. A lapsed one counts as EXPIRED. Filter fields: state,
// appointment, lot, cocktail.
absl::StatusOr<std::vector<Reservation>> ListReservations(Transaction& tx, const SiteName& site,
                                                          absl::Time now, const PageQuery& page);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_RESERVATION_STORE_H_
