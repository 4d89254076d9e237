// The facts screening tells the other services, as outbox records.
//
// Each function makes the record of one fact; the operation appends it in the fact's own
// transaction. No record names a patient: whoever may know fetches the object. Pure.
#ifndef MESO_SERVICES_SCREENING_EVENTS_SCREENING_EVENTS_H_
#define MESO_SERVICES_SCREENING_EVENTS_SCREENING_EVENTS_H_

#include <string>

#include "absl/time/time.h"
#include "common/database/outbox.h"
#include "services/screening/domain/assessment.h"
#include "services/screening/domain/rule_set.h"

namespace meso::screening {

// What every record carries beside its fact.
struct EventOrigin {
  std::string id;  // a new UUIDv7
  absl::Time time;
  std::string trace_parent;
};

OutboxEvent AssessmentCreated(const EventOrigin& origin, const Assessment& assessment);
OutboxEvent AssessmentInvalidated(const EventOrigin& origin, const Assessment& assessment);
// `previous` is empty for the chain's first rule set.
OutboxEvent RuleSetPublished(const EventOrigin& origin, const RuleSet& rule_set,
                             const RuleSetName& previous);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_EVENTS_SCREENING_EVENTS_H_
