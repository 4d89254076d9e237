// Which signed checkpoints are kept, and which are told to others.
//
// The log signs several times a second when it is busy; kept are the newest, the last of every
// hour, per witness and hour the newest it has cosigned, and those told in an event for a minute,
// so that a witness that heard of one can cosign it. Told is the first of every 10 seconds. Both
// are decided from the kept checkpoints alone, without memory. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_RETENTION_H_
#define MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_RETENTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace meso::audit {

struct KeptCheckpoint {
  uint64_t size = 0;
  absl::Time sign_time;
  std::vector<std::string> witnesses;  // that have cosigned it
};

// The sizes that need not be kept any more. `kept` is the end of what is kept, ascending, not
// empty.
std::vector<uint64_t> SupersededCheckpoints(const std::vector<KeptCheckpoint>& kept,
                                            absl::Time now);

// Whether a checkpoint signed now is told, the one before having been signed at `before`.
bool IsAnnounced(std::optional<absl::Time> before, absl::Time now);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_RETENTION_H_
