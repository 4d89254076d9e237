// The fact audit's controls tell the others, as an outbox record: an assertion was broken.
//
// The operation appends it in the transaction of the violation's row. It names no patient: whoever
// may know reads the entry. Pure.
#ifndef MESO_SERVICES_AUDIT_EVENTS_CONTROL_EVENTS_H_
#define MESO_SERVICES_AUDIT_EVENTS_CONTROL_EVENTS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/database/outbox.h"

namespace meso::audit {

struct FoundViolation {
  std::string name;       // violations/{uuid}
  std::string assertion;  // assertions/{code}
  uint64_t entry = 0;
  std::string site;
  absl::Time find_time;
};

// `id` is a new UUIDv7.
OutboxEvent ViolationFound(const std::string& id, const FoundViolation& violation);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_EVENTS_CONTROL_EVENTS_H_
