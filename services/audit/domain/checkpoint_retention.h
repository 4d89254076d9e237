// Which signed checkpoints are kept, and which are told to others.
//
// The log signs several times a second when it is busy. Kept are the newest checkpoint, the last of
// every hour, per witness and hour the newest it has cosigned, and per number of witnesses the
// newest of the last day that so many have cosigned; besides, so that a witness has time to cosign
// what it has been shown, all of the last five seconds, and for a minute those told in an event.
// Told is the first of every 10 seconds. All is decided from the kept checkpoints alone, without
// memory. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_RETENTION_H_
#define MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_RETENTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace meso::audit {

// Witnesses of one log whose cosignatures are taken.
inline constexpr int kWitnessesMax = 16;

struct KeptCheckpoint {
  uint64_t size = 0;
  absl::Time sign_time;
  std::vector<std::string> witnesses;  // that have cosigned it
};

// The sizes that need not be kept any more. `kept` is the end of what is kept, ascending, not
// empty.
std::vector<uint64_t> SupersededCheckpoints(const std::vector<KeptCheckpoint>& kept,
                                            absl::Time now);

// The sizes whose list of index runs is kept, so that bundles can end there: the newest, what was
// signed in the last minute and may yet be cosigned, and per number of witnesses the newest of the
// last day that so many have cosigned. `kept` as above; what is superseded is not among them.
std::vector<uint64_t> ProvableCheckpoints(const std::vector<KeptCheckpoint>& kept, absl::Time now);

// Whether a checkpoint signed now is told, the one before having been signed at `before`.
bool IsAnnounced(std::optional<absl::Time> before, absl::Time now);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_CHECKPOINT_RETENTION_H_
