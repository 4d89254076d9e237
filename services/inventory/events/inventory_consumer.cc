#include "services/inventory/events/inventory_consumer.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/base/trace_context.h"
#include "meso/scheduling/v1/events.pb.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {
namespace {

template <typename Payload>
absl::StatusOr<Payload> Parse(const OutboxEvent& event) {
  Payload payload;
  if (!payload.ParseFromString(event.data)) {
    return absl::DataLossError(absl::StrCat("event ", event.id, " is no ", event.type));
  }
  return payload;
}

// The service acts for itself; what it does leads back to the event.
CallContext EventContext(const OutboxEvent& event) {
  CallContext call = ServiceContext("inventory", event.type);
  FollowEvent(event.id, event.trace_parent, &call);
  return call;
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::Status OnSiteChanged(const InventoryOperations& operations, Transaction& tx,
                           const OutboxEvent& event) {
  MESO_ASSIGN_OR_RETURN(const auto site, Parse<scheduling::v1::SiteChanged>(event));
  return operations.SaveSiteChange(
      tx, EventContext(event),
      {SiteName(site.name()), site.time_zone(), site.jurisdiction(), site.revision()});
}

absl::Status OnBooked(const InventoryOperations& operations, Transaction& tx,
                      const OutboxEvent& event) {
  MESO_ASSIGN_OR_RETURN(const auto booked, Parse<scheduling::v1::AppointmentBooked>(event));
  if (booked.reservation().empty()) return absl::OkStatus();  // a treatment without ampoules
  const std::optional<absl::CivilDay> use_date = ParseDate(booked.use_date());
  if (!use_date) return absl::DataLossError(absl::StrCat("event ", event.id, " has no use date"));
  BookingFact fact;
  fact.appointment = AppointmentName(booked.appointment());
  fact.site = SiteName(booked.site());
  fact.reservation = ReservationName(booked.reservation());
  fact.cocktail = CocktailRevisionName(booked.cocktail());
  fact.end_time = TimeOf(booked.end_time());
  fact.use_date = *use_date;
  return operations.ConfirmReservation(tx, EventContext(event), fact);
}

absl::Status OnCancelled(const InventoryOperations& operations, Transaction& tx,
                         const OutboxEvent& event) {
  MESO_ASSIGN_OR_RETURN(const auto cancelled, Parse<scheduling::v1::AppointmentCancelled>(event));
  if (cancelled.reservation().empty()) return absl::OkStatus();
  BookingFact fact;
  fact.appointment = AppointmentName(cancelled.appointment());
  fact.site = SiteName(cancelled.site());
  fact.reservation = ReservationName(cancelled.reservation());
  return operations.ReleaseCancelled(tx, EventContext(event), fact);
}

}  // namespace

EventHandlers SchedulingHandlers(const InventoryOperations& operations) {
  using Handle = absl::Status (*)(const InventoryOperations&, Transaction&, const OutboxEvent&);
  const auto bind = [&operations](Handle handle) -> EventHandler {
    return [&operations, handle](Transaction& tx, const EventPosition&, const OutboxEvent& event) {
      return handle(operations, tx, event);
    };
  };
  return {{"meso.scheduling.v1.SiteChanged", bind(OnSiteChanged)},
          {"meso.scheduling.v1.AppointmentBooked", bind(OnBooked)},
          {"meso.scheduling.v1.AppointmentCancelled", bind(OnCancelled)}};
}

}  // namespace meso::inventory
