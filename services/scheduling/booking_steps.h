// The values a booking's steps hand to each other: what is asked of the peers and what the
// pending-work row remembers. Shared by the call that begins a booking and the handler that ends
// it. Pure.
#ifndef MESO_SERVICES_SCHEDULING_BOOKING_STEPS_H_
#define MESO_SERVICES_SCHEDULING_BOOKING_STEPS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/scheduling/scheduling_operations.h"

namespace meso::scheduling {

// Where a booking's row stands: on its way, or to be undone (its slot is free again, stock may be
// reserved).
inline constexpr char kStepForward[] = "forward";
inline constexpr char kStepUndo[] = "undo";

// The row's payload.
struct BookingPayload {
  CocktailRevisionName cocktail;
  bool from_hold = false;  // the hold was there before and stays when the booking is undone
  std::string instance;    // of the process that began it
};
std::string EncodeBooking(const BookingPayload& payload);
// DATA_LOSS when the bytes are not of EncodeBooking.
absl::StatusOr<BookingPayload> DecodeBooking(absl::string_view bytes);

// What screening is asked about an appointment: at its begin.
ClearanceQuestion QuestionAbout(const Appointment& appointment);
// What a clearance of the patient rests on: the objects of facts that may overtake it.
std::vector<std::string> ClearanceObjects(const Clearance& clearance, const PatientName& patient);
// What inventory is asked to keep for the attempt; request ids derive from it.
StockWish WishFor(const Appointment& appointment, const std::string& attempt);
ReservationName ReservationOf(const std::string& attempt);

// What inventory's refusal means to the caller: STOCK_NOT_AVAILABLE for a refusal by rule;
// DEPENDENCY_DOWN when nobody knows; other errors (not found, forbidden) as they are.
absl::Status StockRefusal(const Appointment& appointment, const absl::Status& refusal);
// The same for any peer's silence.
bool IsSilence(const absl::Status& status);
absl::Status PeerFailure(const char* service, const absl::Status& failure);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_BOOKING_STEPS_H_
