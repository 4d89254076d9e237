#include "services/scheduling/events/scheduling_consumer.h"

#include "meso/inventory/v1/events.pb.h"
#include "meso/screening/v1/events.pb.h"
#include "services/scheduling/risk_operations.h"

namespace meso::scheduling {
namespace {

namespace inventory = ::meso::inventory::v1;
namespace screening = ::meso::screening::v1;

// A handler for payloads of one message; `take_in` gets the position, the cause and the message.
template <typename Payload, typename TakeIn>
void Handle(EventHandlers* handlers, TakeIn take_in) {
  (*handlers)[Payload::descriptor()->full_name()] = [take_in](
                                                        Transaction& tx, const EventPosition& at,
                                                        const OutboxEvent& event) -> absl::Status {
    Payload payload;
    if (!payload.ParseFromString(event.data)) {
      return absl::DataLossError("the payload can't be parsed");
    }
    return take_in(tx, Position{at.source, at.epoch, at.sequence},
                   EventCause{event.id, event.trace_parent}, payload);
  };
}

std::string ReasonOfHold(inventory::HoldKind kind) {
  switch (kind) {
    case inventory::HOLD_KIND_RECALL:
      return "LOT_RECALLED";
    case inventory::HOLD_KIND_COUNT:
      return "COUNT_IN_PROGRESS";
    default:
      return "LOT_QUARANTINED";
  }
}

template <typename Payload>
ReservationFact FactOf(const Payload& payload) {
  ReservationFact fact;
  fact.reservation = ReservationName(payload.reservation());
  for (const inventory::Allocation& allocation : payload.allocations()) {
    fact.lots.emplace_back(allocation.lot());
    if (allocation.drawn_ampoules() > 0) fact.drawn_lots.emplace_back(allocation.lot());
  }
  return fact;
}

}  // namespace

EventHandlers InventoryHandlers(const SchedulingEnvironment& env) {
  EventHandlers handlers;
  Handle<inventory::LotHeld>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause& cause,
                        const inventory::LotHeld& held) {
        return TakeInLotHeld(
            env, tx, at,
            {LotName(held.lot()), held.hold_id(), ReasonOfHold(held.kind()), held.site()}, cause);
      });
  Handle<inventory::LotRecalled>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause& cause,
                        const inventory::LotRecalled& recalled) {
        return TakeInLotHeld(
            env, tx, at, {LotName(recalled.lot()), recalled.hold_id(), "LOT_RECALLED", ""}, cause);
      });
  Handle<inventory::LotReleased>(&handlers, [&env](Transaction& tx, const Position& at,
                                                   const EventCause& cause,
                                                   const inventory::LotReleased& released) {
    return TakeInLotReleased(
        env, tx, at,
        {LotName(released.lot()), released.hold_id(), ReasonOfHold(released.kind()),
         released.site()},
        {released.usable(), {released.held_sites().begin(), released.held_sites().end()}}, cause);
  });
  Handle<inventory::ReservationInvalidated>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause& cause,
                        const inventory::ReservationInvalidated& invalidated) {
        ReservationFact fact;
        fact.reservation = ReservationName(invalidated.reservation());
        fact.reasons.assign(invalidated.reasons().begin(), invalidated.reasons().end());
        return TakeInReservationInvalidated(env, tx, at, fact, cause);
      });
  Handle<inventory::ReservationReallocated>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause& cause,
                        const inventory::ReservationReallocated& reallocated) {
        return TakeInReservationReallocated(env, tx, at, FactOf(reallocated), cause);
      });
  Handle<inventory::ReservationConfirmed>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause&,
                        const inventory::ReservationConfirmed& confirmed) {
        return TakeInReservationConfirmed(env, tx, at, FactOf(confirmed));
      });
  return handlers;
}

EventHandlers ScreeningHandlers(const SchedulingEnvironment& env) {
  EventHandlers handlers;
  Handle<screening::AssessmentCreated>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause& cause,
                        const screening::AssessmentCreated& created) {
        return TakeInAssessmentCreated(env, tx, at, created.assessment(), cause);
      });
  Handle<screening::AssessmentInvalidated>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause& cause,
                        const screening::AssessmentInvalidated& invalidated) {
        return TakeInAssessmentInvalidated(env, tx, at, invalidated.assessment(), cause);
      });
  Handle<screening::RuleSetPublished>(
      &handlers, [&env](Transaction& tx, const Position& at, const EventCause& cause,
                        const screening::RuleSetPublished& published) {
        return TakeInRuleSetPublished(env, tx, at, published.rule_set(), cause);
      });
  return handlers;
}

}  // namespace meso::scheduling
