// The facts scheduling tells the others, as outbox records.
//
// Called by operations in the transaction of the fact. The subject is a site, a treatment type or
// an appointment, and no payload names a patient. Functions over a Transaction, no state; each
// gives the event an id of its own.
#ifndef MESO_SERVICES_SCHEDULING_EVENTS_SCHEDULING_EVENTS_H_
#define MESO_SERVICES_SCHEDULING_EVENTS_SCHEDULING_EVENTS_H_

#include <string>

#include "absl/status/status.h"
#include "common/base/call_context.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/scheduling/domain/appointment.h"

namespace meso::scheduling {

// What every event needs from its surroundings.
struct EventOrigin {
  IdSource& ids;
  absl::Time now;
  std::string trace_parent;
};

absl::Status TellSiteChanged(Transaction& tx, const EventOrigin& origin, const Site& site);
absl::Status TellTreatmentTypeChanged(Transaction& tx, const EventOrigin& origin,
                                      const TreatmentType& treatment);
absl::Status TellBooked(Transaction& tx, const EventOrigin& origin, const Appointment& appointment);
absl::Status TellCancelled(Transaction& tx, const EventOrigin& origin,
                           const Appointment& appointment);
absl::Status TellCheckedIn(Transaction& tx, const EventOrigin& origin,
                           const Appointment& appointment);
absl::Status TellStarted(Transaction& tx, const EventOrigin& origin,
                         const Appointment& appointment);
absl::Status TellCompleted(Transaction& tx, const EventOrigin& origin,
                           const Appointment& appointment);
absl::Status TellAtRiskChanged(Transaction& tx, const EventOrigin& origin,
                               const Appointment& appointment);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_EVENTS_SCHEDULING_EVENTS_H_
