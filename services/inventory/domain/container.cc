#include "services/inventory/domain/container.h"

#include <algorithm>

#include "services/inventory/domain/calendar.h"

namespace meso::inventory {

absl::string_view ToText(ContainerState state) {
  static constexpr absl::string_view kTexts[] = {"UNSPECIFIED", "OPEN", "EMPTY", "DISCARDED"};
  return kTexts[static_cast<int>(state)];
}

absl::string_view ToText(DiscardReason reason) {
  static constexpr absl::string_view kTexts[] = {
      "UNSPECIFIED", "LEFTOVER", "BEYOND_USE", "CONTAMINATED", "RECALLED", "TEMPERATURE", "OTHER"};
  return kTexts[static_cast<int>(reason)];
}

ContainerDraw OpenedContainer::DrawOf(const AppointmentName& wanted) const {
  const auto it = std::find_if(draws.begin(), draws.end(), [&](const ContainerDraw& draw) {
    return draw.appointment == wanted;
  });
  if (it != draws.end()) return *it;
  ContainerDraw none;
  none.appointment = wanted;
  return none;
}

bool IsMultiDose(const Product& product) {
  return product.container_kind == ContainerKind::kMultiDoseVial;
}

absl::Time BeyondUseTimeOf(const Lot& lot, const Product& product, absl::Time open_time,
                           const absl::TimeZone& zone) {
  const absl::Time lot_end =
      absl::FromCivil(RemovalDateOf(lot, product.min_remaining_life_days), zone);
  const absl::Time after_opening = product.after_opening > absl::ZeroDuration()
                                       ? open_time + product.after_opening
                                       : absl::FromCivil(DateAt(open_time, zone) + 1, zone);
  return std::min(lot_end, after_opening);
}

absl::Time DueTimeOf(absl::Time beyond_use_time, const absl::TimeZone& zone) {
  // Midnight is the end of the day before.
  return absl::FromCivil(DateAt(beyond_use_time - absl::Microseconds(1), zone), zone);
}

std::vector<std::string> DecideContainerUse(const OpenedContainer& container,
                                            std::vector<std::string> lot_reasons, absl::Time now) {
  const bool known =
      std::find(lot_reasons.begin(), lot_reasons.end(), kBeyondUseDate) != lot_reasons.end();
  if (container.IsBeyondUse(now) && !known) lot_reasons.emplace_back(kBeyondUseDate);
  return lot_reasons;
}

absl::Time DrawTimeOf(const OpenedContainer& container, absl::Time claimed) {
  return std::max(container.open_time, claimed);
}

absl::Time CloseTimeOf(const OpenedContainer& container, const ContainerDraw& draw) {
  absl::Time time = DrawTimeOf(container, draw.draw_time);
  for (const ContainerDraw& earlier : container.draws) time = std::max(time, earlier.draw_time);
  return time;
}

int64_t UnitsFor(int64_t microlitres, int64_t unit_microlitres) {
  return (microlitres + unit_microlitres - 1) / unit_microlitres;
}

bool IsUsedBeforeNew(const OpenedContainer& container, const AppointmentName& appointment) {
  return container.state == ContainerState::kOpen && container.reasons.empty() &&
         container.remaining > 0 &&
         (container.appointment.empty() || container.appointment == appointment);
}

}  // namespace meso::inventory
