// Reservations: the lots kept for a booking until they are drawn, and the lapse of what nobody
// confirmed. Beyond the allocation horizon a reservation is a promise without lots.
//
// Value types and rules; pure. A lapse is a predicate over expire_time: reads show it at once, and
// whoever meets a lapsed reservation in its way turns it EXPIRED in its own transaction.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_RESERVATION_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_RESERVATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/inventory/domain/allocation.h"

namespace meso::inventory {

// How long an unconfirmed reservation is kept, and how long after its use a confirmed one.
inline constexpr absl::Duration kUnconfirmedLife = absl::Hours(24);
inline constexpr absl::Duration kLifeAfterUse = absl::Hours(48);

inline constexpr char kStockTaken[] = "STOCK_TAKEN";
inline constexpr char kInsufficientStock[] = "INSUFFICIENT_STOCK";

// Numbered as in the contract.
enum class ReservationState {
  kUnspecified = 0,
  kPromised = 1,
  kReserved = 2,
  kConfirmed = 3,
  kInvalidated = 4,
  kDrawn = 5,
  kReleased = 6,
  kExpired = 7,
};
absl::string_view ToText(ReservationState state);
// kUnspecified for a text that is none.
ReservationState ReservationStateOf(absl::string_view text);

struct Reservation {
  int64_t row = 0;  // the database's own number; 0 = not stored
  ReservationName name;
  SiteName site;
  CocktailRevisionName cocktail;
  AppointmentName appointment;
  absl::Time use_time;
  absl::CivilDay use_date;
  ReservationState state = ReservationState::kUnspecified;
  bool confirmed = false;  // a booking stands behind it
  absl::Time expire_time;
  absl::Time create_time;
  std::vector<std::string> invalid_reasons;
  int64_t revision = 0;
  std::vector<Allocation> allocations;
  std::vector<SkippedLot> skipped;  // only in the answer to ReserveStock
  std::vector<Need> promised;       // while PROMISED: its recipe

  // True while it keeps units: RESERVED, CONFIRMED or INVALIDATED, whatever the clock says.
  bool KeepsUnits() const;
  // True while a booking may rely on it: it keeps units, or is PROMISED some.
  bool IsLive() const { return KeepsUnits() || state == ReservationState::kPromised; }
  // True when it is live although its time has passed.
  bool IsLapsed(absl::Time now) const { return IsLive() && expire_time <= now; }
  // What a reader sees: EXPIRED when lapsed.
  ReservationState StateAt(absl::Time now) const;
  // True when nothing it kept is left to draw.
  bool IsFullyDrawn() const;
};

// A reservation, or an appointment that has drawn already, concerned by a hold.
struct ReservationImpact {
  ReservationName reservation;
  AppointmentName appointment;
};

// When a reservation made or confirmed `now` lapses.
absl::Time ExpireTimeOf(const Reservation& reservation, absl::Time now);

// What is still to be found for the recipe: `needs` less what is drawn.
std::vector<Need> UndrawnNeeds(const std::vector<Need>& needs, const Reservation& reservation);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_RESERVATION_H_
