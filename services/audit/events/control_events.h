// The fact audit's controls tell the others, as an outbox record: an assertion was broken.
//
// The operation appends it in the transaction of the violation's row. It names no patient: whoever
// may know reads the entry. Pure.
#ifndef MESO_SERVICES_AUDIT_EVENTS_CONTROL_EVENTS_H_
#define MESO_SERVICES_AUDIT_EVENTS_CONTROL_EVENTS_H_

#include <string>

#include "common/database/outbox.h"
#include "services/audit/store/assertion_store.h"

namespace meso::audit {

// `id` is a new UUIDv7.
OutboxEvent ViolationFound(const std::string& id, const StoredViolation& violation);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_EVENTS_CONTROL_EVENTS_H_
