// What other services' facts do to appointments: at risk, healed, re-checked.
//
// Event operations run in the consumer's transaction (the cursor moves in it too) and touch only
// this database; whatever must ask screening becomes pending work (kRecheckWork). Every fact that
// takes something out of use is also stored by itself, so that a booking under way sees it before
// it completes. A change of an appointment's risks is told by AppointmentAtRiskChanged. A question
// that is merely due again is no risk. Thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_RISK_OPERATIONS_H_
#define MESO_SERVICES_SCHEDULING_RISK_OPERATIONS_H_

#include <string>
#include <vector>

#include "common/database/pending_work_table.h"
#include "services/scheduling/scheduling_operations.h"

namespace meso::scheduling {

inline constexpr char kRecheckWork[] = "recheck";

// The event an effect comes from: its entries and its own events lead back to it.
struct EventCause {
  std::string event_id;
  std::string trace_parent;
};

struct LotFact {
  LotName lot;
  std::string hold_id;
  std::string reason;  // LOT_QUARANTINED, LOT_RECALLED, COUNT_IN_PROGRESS
  std::string site;    // only the stock there; empty = everywhere
};
// What is left of a lot's holds when one of them ended.
struct HoldsLeft {
  bool usable = false;                  // none but those at held_sites
  std::vector<std::string> held_sites;  // where a hold of that site alone is left
};
// A hold or recall: everybody who relies on the lot is at risk.
absl::Status TakeInLotHeld(const SchedulingEnvironment& env, Transaction& tx, const Position& at,
                           const LotFact& fact, const EventCause& cause = {});
// A hold ended: the lot's own risks are healed wherever none is left.
absl::Status TakeInLotReleased(const SchedulingEnvironment& env, Transaction& tx,
                               const Position& at, const LotFact& fact, const HoldsLeft& left,
                               const EventCause& cause = {});

struct ReservationFact {
  ReservationName reservation;
  std::vector<LotName> lots;         // it now keeps
  std::vector<std::string> reasons;  // why it was invalidated
  std::vector<LotName> drawn_lots;   // of `lots`, those with units drawn already
};
absl::Status TakeInReservationInvalidated(const SchedulingEnvironment& env, Transaction& tx,
                                          const Position& at, const ReservationFact& fact,
                                          const EventCause& cause = {});
// It has usable lots again: heals what inventory held against the appointment, except against a lot
// already drawn. Only that lot's own release heals that: an ampoule in the room isn't exchanged.
absl::Status TakeInReservationReallocated(const SchedulingEnvironment& env, Transaction& tx,
                                          const Position& at, const ReservationFact& fact,
                                          const EventCause& cause = {});
// Kept as it is; its lots are remembered.
absl::Status TakeInReservationConfirmed(const SchedulingEnvironment& env, Transaction& tx,
                                        const Position& at, const ReservationFact& fact);

// New answers may speak against, or heal, the patient's future bookings.
absl::Status TakeInAssessmentCreated(const SchedulingEnvironment& env, Transaction& tx,
                                     const Position& at, const std::string& assessment,
                                     const EventCause& cause = {});
// At risk at once where it was relied on, until the re-check says otherwise.
absl::Status TakeInAssessmentInvalidated(const SchedulingEnvironment& env, Transaction& tx,
                                         const Position& at, const std::string& assessment,
                                         const EventCause& cause = {});
// Every future booking is re-checked.
absl::Status TakeInRuleSetPublished(const SchedulingEnvironment& env, Transaction& tx,
                                    const Position& at, const std::string& rule_set,
                                    const EventCause& cause = {});

// The handler of kind kRecheckWork: asks screening about every future booking concerned, one by
// one.
absl::Status RunRecheck(const SchedulingEnvironment& env, const PendingWork& work);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_RISK_OPERATIONS_H_
