#include "services/audit/domain/source_state.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace meso::audit {
namespace {

// As common/audit/audit_heartbeat.h writes them.
constexpr absl::string_view kHeartbeat = "process/heartbeat";
constexpr absl::string_view kStop = "process/stop";
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kIntervalMax = 86'400;

std::string FactOf(const Draft& draft, absl::string_view name) {
  for (const Fact& fact : draft.facts) {
    if (fact.key == name) return fact.value;
  }
  return "";
}

void TakeHeartbeat(const Draft& draft, SourceState* state) {
  uint64_t sequence = 0;
  const bool readable = absl::SimpleAtoi(FactOf(draft, "sequence"), &sequence);
  const std::string said = FactOf(draft, "running_hash");
  if (state->chain_hash.empty() && said.size() == 2 * sizeof(Hash)) {
    state->chain_hash = absl::HexStringToBytes(said);
  }
  // It speaks of what stands before it, all of it: the log knows the hash of nothing else.
  state->hash_mismatch = !readable || sequence + 1 != draft.sequence ||
                         said != absl::BytesToHexString(state->chain_hash);
  state->heartbeat_time_ns = draft.time_ns;
  int64_t interval = 0;
  if (absl::SimpleAtoi(FactOf(draft, "interval_seconds"), &interval) && interval > 0) {
    state->heartbeat_interval_seconds = std::min(interval, kIntervalMax);
  }
  if (readable) state->claimed_sequence = std::max(state->claimed_sequence, sequence);
}

}  // namespace

void Fold(const Draft& draft, Hasher& hasher, SourceState* state) {
  if (draft.method == kHeartbeat) {
    TakeHeartbeat(draft, state);
  } else {
    state->stopped = draft.method == kStop;  // the last heartbeat comes behind the stop
  }
  if (!state->chain_hash.empty()) {
    state->chain_hash = HashBytes(hasher.Plain(absl::StrCat(state->chain_hash, draft.digest)));
  }
  state->last_time_ns = draft.time_ns;
  state->claimed_sequence = std::max(state->claimed_sequence, draft.sequence);
}

std::optional<std::pair<uint64_t, uint64_t>> MissingTail(uint64_t last_sequence,
                                                         uint64_t claimed_sequence) {
  if (claimed_sequence <= last_sequence) return std::nullopt;
  return std::make_pair(last_sequence + 1, claimed_sequence);
}

bool IsSilent(const SourceState& state, int64_t now_us) {
  return now_us - state.arrival_time_us >
         kHeartbeatsMissed * state.heartbeat_interval_seconds * kMicrosPerSecond;
}

}  // namespace meso::audit
