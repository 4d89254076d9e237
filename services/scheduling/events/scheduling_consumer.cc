#include "services/scheduling/events/scheduling_consumer.h"

#include "meso/inventory/v1/events.pb.h"
#include "meso/screening/v1/events.pb.h"
#include "services/scheduling/risk_operations.h"

namespace meso::scheduling {
namespace {

namespace inventory = ::meso::inventory::v1;
namespace screening = ::meso::screening::v1;

// A handler for payloads of one message; `take_in` gets the position and the message.
template <typename Payload, typename TakeIn>
void Handle(EventHandlers* handlers, TakeIn take_in) {
  (*handlers)[Payload::descriptor()->full_name()] = [take_in](
                                                        Transaction& tx, const EventPosition& at,
                                                        const OutboxEvent& event) -> absl::Status {
    Payload payload;
    if (!payload.ParseFromString(event.data)) {
      return absl::DataLossError("the payload can't be parsed");
    }
    return take_in(tx, Position{at.source, at.epoch, at.sequence}, payload);
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
  Handle<inventory::LotHeld>(&handlers, [&env](Transaction& tx, const Position& at,
                                               const inventory::LotHeld& held) {
    return TakeInLotHeld(
        env, tx, at, {LotName(held.lot()), held.hold_id(), ReasonOfHold(held.kind()), held.site()});
  });
  Handle<inventory::LotRecalled>(&handlers, [&env](Transaction& tx, const Position& at,
                                                   const inventory::LotRecalled& recalled) {
    return TakeInLotHeld(env, tx, at,
                         {LotName(recalled.lot()), recalled.hold_id(), "LOT_RECALLED", ""});
  });
  Handle<inventory::LotReleased>(&handlers, [&env](Transaction& tx, const Position& at,
                                                   const inventory::LotReleased& released) {
    return TakeInLotReleased(
        env, tx, at,
        {LotName(released.lot()), released.hold_id(), ReasonOfHold(released.kind()),
         released.site()},
        {released.usable(), {released.held_sites().begin(), released.held_sites().end()}});
  });
  Handle<inventory::ReservationInvalidated>(
      &handlers, [&env](Transaction& tx, const Position& at,
                        const inventory::ReservationInvalidated& invalidated) {
        ReservationFact fact;
        fact.reservation = ReservationName(invalidated.reservation());
        fact.reasons.assign(invalidated.reasons().begin(), invalidated.reasons().end());
        return TakeInReservationInvalidated(env, tx, at, fact);
      });
  Handle<inventory::ReservationReallocated>(
      &handlers, [&env](Transaction& tx, const Position& at,
                        const inventory::ReservationReallocated& reallocated) {
        return TakeInReservationReallocated(env, tx, at, FactOf(reallocated));
      });
  Handle<inventory::ReservationConfirmed>(
      &handlers, [&env](Transaction& tx, const Position& at,
                        const inventory::ReservationConfirmed& confirmed) {
        return TakeInReservationConfirmed(env, tx, at, FactOf(confirmed));
      });
  return handlers;
}

EventHandlers ScreeningHandlers(const SchedulingEnvironment& env) {
  EventHandlers handlers;
  Handle<screening::AssessmentCreated>(
      &handlers,
      [&env](Transaction& tx, const Position& at, const screening::AssessmentCreated& created) {
        return TakeInAssessmentCreated(env, tx, at, created.assessment());
      });
  Handle<screening::AssessmentInvalidated>(
      &handlers, [&env](Transaction& tx, const Position& at,
                        const screening::AssessmentInvalidated& invalidated) {
        return TakeInAssessmentInvalidated(env, tx, at, invalidated.assessment());
      });
  Handle<screening::RuleSetPublished>(
      &handlers,
      [&env](Transaction& tx, const Position& at, const screening::RuleSetPublished& published) {
        return TakeInRuleSetPublished(env, tx, at, published.rule_set());
      });
  return handlers;
}

}  // namespace meso::scheduling
