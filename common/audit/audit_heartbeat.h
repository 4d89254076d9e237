// A source's word on how far it has come: an audit entry "process/heartbeat" with the number before
// its own and the running hash (audit_draft.h) up to there.
//
// The log compares the hash with that of what arrived, so a heartbeat shows entries that were lost
// or changed between the two, and its absence shows that a source is silent. What waits in the
// outbox is hashed here in pieces, however long the log has been away; what has gone was hashed
// by the relay. Functions over a Database; safe beside a running relay.
#ifndef MESO_COMMON_AUDIT_AUDIT_HEARTBEAT_H_
#define MESO_COMMON_AUDIT_AUDIT_HEARTBEAT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/database/audit_outbox.h"
#include "common/database/database.h"

namespace meso {

inline constexpr char kHeartbeatMethod[] = "process/heartbeat";
// The facts of a heartbeat.
inline constexpr char kHeartbeatSequenceFact[] = "sequence";          // decimal
inline constexpr char kHeartbeatHashFact[] = "running_hash";          // 64 hex digits
inline constexpr char kHeartbeatIntervalFact[] = "interval_seconds";  // until the next, decimal

// What a service records of itself: actor services/{service}, action E, object the service.
AuditRecord ProcessRecord(absl::string_view service, absl::string_view method, absl::Time now);

// Writes a heartbeat. Errors: those of the database; nothing is written then.
absl::Status WriteHeartbeat(Database& database, absl::string_view service, absl::Time now,
                            absl::Duration interval);

}  // namespace meso

#endif  // MESO_COMMON_AUDIT_AUDIT_HEARTBEAT_H_
