// What the audit service tells the others of its checkpoints: one was signed, or cosigned by one
// more witness. Of broken assertions: control_events.h.
//
// Each function makes the outbox record of one fact; it is appended in the fact's transaction. The
// events spread checkpoints beyond the log's reach: whoever keeps them holds what a log that was
// cut back or forked contradicts. No record names a patient. Pure.
#ifndef MESO_SERVICES_AUDIT_EVENTS_AUDIT_EVENTS_H_
#define MESO_SERVICES_AUDIT_EVENTS_AUDIT_EVENTS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/database/outbox.h"

namespace meso::audit {

struct SignedCheckpoint {
  uint64_t tree_size = 0;
  std::string note;  // with the cosignatures so far
  absl::Time sign_time;
};

// `id` is a new UUIDv7, `origin` the log's name, `time` when the fact was recorded.
OutboxEvent CheckpointSigned(const std::string& id, absl::Time time, const std::string& origin,
                             const SignedCheckpoint& checkpoint);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_EVENTS_AUDIT_EVENTS_H_
