#include "services/inventory/domain/reservation.h"

#include <algorithm>

namespace meso::inventory {
namespace {

constexpr absl::string_view kStateTexts[] = {"UNSPECIFIED", "PROMISED", "RESERVED", "CONFIRMED",
                                             "INVALIDATED", "DRAWN",    "RELEASED", "EXPIRED"};

}  // namespace

absl::string_view ToText(ReservationState state) { return kStateTexts[static_cast<int>(state)]; }

ReservationState ReservationStateOf(absl::string_view text) {
  for (int i = 1; i < 8; ++i) {
    if (kStateTexts[i] == text) return static_cast<ReservationState>(i);
  }
  return ReservationState::kUnspecified;
}

bool Reservation::KeepsUnits() const {
  return state == ReservationState::kReserved || state == ReservationState::kConfirmed ||
         state == ReservationState::kInvalidated;
}

ReservationState Reservation::StateAt(absl::Time now) const {
  return IsLapsed(now) ? ReservationState::kExpired : state;
}

bool Reservation::IsFullyDrawn() const {
  return std::all_of(allocations.begin(), allocations.end(),
                     [](const Allocation& allocation) { return allocation.Left() == 0; });
}

absl::Time ExpireTimeOf(const Reservation& reservation, absl::Time now) {
  return reservation.confirmed ? reservation.use_time + kLifeAfterUse : now + kUnconfirmedLife;
}

std::vector<Need> UndrawnNeeds(const std::vector<Need>& needs, const Reservation& reservation) {
  std::vector<Need> left;
  for (Need need : needs) {
    for (const Allocation& allocation : reservation.allocations) {
      if (allocation.product == need.product) need.ampoules -= allocation.drawn;
    }
    if (need.ampoules > 0) left.push_back(need);
  }
  return left;
}

}  // namespace meso::inventory
