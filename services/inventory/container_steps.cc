#include "services/inventory/container_steps.h"

#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/store/container_store.h"

namespace meso::inventory {
namespace {

absl::StatusOr<Lot> LotOf(Step& step, const OpenedContainer& container) {
  MESO_ASSIGN_OR_RETURN(std::optional<Lot> lot, LoadLotByRow(step.tx, container.lot_row));
  if (!lot) return absl::DataLossError("a container without its lot");
  return *std::move(lot);
}

}  // namespace

absl::Status JudgeContainer(Step& step, OpenedContainer& container) {
  if (container.state != ContainerState::kOpen) {
    container.reasons = {kInsufficientStock};
    return absl::OkStatus();
  }
  MESO_ASSIGN_OR_RETURN(const Site site, LoadKnownSite(step.tx, container.site));
  MESO_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(site));
  MESO_ASSIGN_OR_RETURN(const Lot lot, LotOf(step, container));
  MESO_ASSIGN_OR_RETURN(std::vector<std::string> lot_reasons,
                        JudgeLot(step, site, container.unit, lot, DateAt(step.now, zone)));
  container.reasons = DecideContainerUse(container, std::move(lot_reasons), step.now);
  container.is_beyond_use = container.IsBeyondUse(step.now);
  return absl::OkStatus();
}

absl::StatusOr<OpenedContainer> LoadDrawable(Step& step, const ContainerName& name,
                                             const AppointmentName& appointment) {
  MESO_ASSIGN_OR_RETURN(std::optional<OpenedContainer> container, LoadContainer(step.tx, name));
  if (!container || container->site.value() != SiteOf(appointment.value())) {
    return ResourceNotFound(name.value());
  }
  if (!container->appointment.empty() && container->appointment != appointment) {
    return StateNotAllowed(name.value(), "opened for another appointment",
                           "opened for this one, or a multi-dose vial");
  }
  if (container->state == ContainerState::kDiscarded) {
    return StateNotAllowed(name.value(), ToText(container->state), "OPEN");
  }
  if (container->state == ContainerState::kOpen) {
    MESO_RETURN_IF_ERROR(JudgeContainer(step, *container));
    if (!container->reasons.empty()) return ContainerNotUsable(*container);
  }
  return *std::move(container);
}

absl::Status TakeOut(Step& step, const OpenedContainer& container, const ContainerDraw& draw,
                     Refusal otherwise) {
  const absl::Time close_time = CloseTimeOf(container, draw);
  MESO_ASSIGN_OR_RETURN(const int64_t left,
                        TakeVolume(step.tx, container, draw, close_time, std::move(otherwise)));
  step.call.Touch("lot", container.lot.value());
  if (left > 0) return absl::OkStatus();
  return AppendClose(step, container, {/*given=*/true, close_time});
}

absl::Status AppendClose(Step& step, const OpenedContainer& container, const Closing& closing) {
  MESO_ASSIGN_OR_RETURN(const Lot lot, LotOf(step, container));
  Movement line = LineOf(step, MovementKind::kClose, container.site, container.unit, 1);
  line.from = Account::kOpened;
  line.to = closing.given ? Account::kAdministered : Account::kWasted;
  if (closing.time < step.now) line.occurred_time = closing.time;
  line.appointment = container.appointment;
  line.subject = container.name.value();
  if (closing.reason != DiscardReason::kUnspecified) {
    line.reason = std::string(ToText(closing.reason));
  }
  return AppendMovement(step.tx, lot, line, 0, [] {
    return absl::InternalError("the ledger does not have the container that is closed");
  });
}

}  // namespace meso::inventory
