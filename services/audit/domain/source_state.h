// What the log knows of a source beyond its last number: the running hash over what arrived, its
// last heartbeat and whether the two agree, whether it has stopped, and when it counts as silent.
//
// Folded draft by draft at append; common/audit/audit_draft.h says how the hash is made. A
// heartbeat is an entry like any other and checks what stands before it. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_SOURCE_STATE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_SOURCE_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "services/audit/domain/entry.h"
#include "services/audit/domain/hash.h"

namespace meso::audit {

// Heartbeats a source may miss before it counts as silent.
inline constexpr int kHeartbeatsMissed = 3;

// Numbers of a source that are missing between entries of the log: lost, as a declared restore
// says.
struct SourceGap {
  std::string source;
  std::string epoch;
  uint64_t first = 0;
  uint64_t last = 0;
};

struct SourceState {
  // Up to the last number in the log. Empty = not known, behind a gap or of a source from before
  // there were heartbeats, until one, taken at its word, says what it is.
  std::string chain_hash = std::string(32, '\0');
  int64_t last_time_ns = 0;       // of the last entry, at its source
  int64_t arrival_time_us = 0;    // of the last delivery, by the log's clock
  uint64_t claimed_sequence = 0;  // the newest number it said it gave out
  bool stopped = false;           // ended in order, and nothing since
  int64_t heartbeat_time_ns = 0;  // 0 = none yet
  int64_t heartbeat_interval_seconds = 60;
  bool hash_mismatch = false;  // as the last heartbeat had it
};

// Takes the draft that follows into the state.
void Fold(const Draft& draft, Hasher& hasher, SourceState* state);

// The numbers given out that are not in the log; nullopt when none is missing.
std::optional<std::pair<uint64_t, uint64_t>> MissingTail(uint64_t last_sequence,
                                                         uint64_t claimed_sequence);

// Nothing has arrived for three heartbeats.
bool IsSilent(const SourceState& state, int64_t now_us);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_SOURCE_STATE_H_
