// BookAppointment: the saga over screening and inventory, and what finishes or undoes it after a
// crash.
//
// Transaction 1 takes (or pins) the slot and writes a pending-work row with a new attempt id. The
// row's handler asks screening for the clearance and inventory for the stock, and completes the
// booking in transaction 2, or undoes it. The call drives the handler on its own thread; after a
// crash, a dead peer or a full disk the pending-work runner, or the same request again, drives it.
// Losers of the slot never touch stock. The ids of the peers' calls derive from the attempt, never
// from the client's request id: a later attempt must not replay an earlier one's answers. No peer
// is called inside a transaction. Thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_BOOKING_OPERATIONS_H_
#define MESO_SERVICES_SCHEDULING_BOOKING_OPERATIONS_H_

#include <string>

#include "common/database/pending_work_table.h"
#include "services/scheduling/scheduling_operations.h"

namespace meso::scheduling {

inline constexpr char kBookingWork[] = "booking";

struct BookingRequest {
  SiteName site;
  AppointmentName hold;     // empty = from the offer
  std::string offer_token;  // empty = from the hold
  PatientName patient;
  CocktailRevisionName cocktail;
  bool validate_only = false;
};

// The booked appointment (with validate_only: as it would be, without a name; nothing has changed).
// Errors: RESOURCE_NOT_FOUND, FIELD_INVALID, OFFER_EXPIRED, HOLD_EXPIRED, SLOT_TAKEN and the other
// reasons of DecideHold, STATE_NOT_ALLOWED, CLEARANCE_REQUIRED, STOCK_NOT_AVAILABLE,
// REQUEST_ID_REUSED, DEPENDENCY_DOWN. After an error nothing stays behind once the pending work has
// been run.
absl::StatusOr<SagaAnswer> BookAppointment(const SchedulingEnvironment& env,
                                           const CallContext& call, const BookingRequest& request);

// The handler of kind kBookingWork (see PendingWorkRunner::Handler).
absl::Status RunBooking(const SchedulingEnvironment& env, const PendingWork& work);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_BOOKING_OPERATIONS_H_
