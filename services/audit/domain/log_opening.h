// A declared restore in the log itself: the entry that opens a new origin after entries were lost.
//
// The tree goes on; from the opening's index on checkpoints are of a new origin, signed with a key
// of that name, and each says in its `meso-opening` line which entry opened it. That entry holds
// what nobody can take back any more: the newest checkpoint of before that somebody remembered
// (`lost`), and how many entries the last checkpoint before it that is still true covers
// (`kept_size`); the range between is what was lost. The service writes it
// (origin_operations.h), verifiers read it here. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_LOG_OPENING_H_
#define MESO_SERVICES_AUDIT_DOMAIN_LOG_OPENING_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/audit/domain/checkpoint.h"

namespace meso::audit {

// Of the opening's entry; its source is the log itself.
inline constexpr absl::string_view kOpeningMethod = "audit/newOrigin";
inline constexpr absl::string_view kLogSource = "audit";

struct LogOpening {
  uint64_t index = 0;  // of its entry
  std::string origin;  // from here on
  std::string previous_origin;
  std::optional<uint64_t> previous_opening;  // the entry that had opened that one
  uint64_t kept_size = 0;
  std::string lost_note;  // signed by `lost.origin`, which is not checked here
  Checkpoint lost;        // what the note says
};

// The facts of its entry.
std::map<std::string, std::string> OpeningFacts(const LogOpening& opening);

// Reads the entry from the bytes of its leaf. DATA_LOSS / LEAF_MISMATCH when they are not those of
// an opening.
absl::StatusOr<LogOpening> ReadOpening(absl::string_view leaf_bytes, uint64_t index);

// What contradicts itself in the openings of a log, ascending, whose newest checkpoint this is; one
// sentence without its end, empty when nothing does.
std::string ProblemOf(const std::vector<LogOpening>& openings, const Checkpoint& newest);

// The place of an origin in a log with these openings.
struct OriginSpan {
  std::string origin;
  std::optional<uint64_t> opening;  // of its checkpoints; unset = the first origin
  uint64_t begin = 0;               // its checkpoints are larger, or empty in the first origin
  std::optional<uint64_t> end;      // and at most this; unset = the newest origin

  // Whether the log may have signed this as this origin.
  bool Holds(const Checkpoint& checkpoint) const;
};
// In their order; the last is the newest checkpoint's.
std::vector<OriginSpan> SpansOf(const std::vector<LogOpening>& openings, const std::string& newest);

// The opening that declares a checkpoint of an earlier origin lost: the checkpoint is of the lost
// range. nullptr when none does.
const LogOpening* DeclaredLost(const std::vector<LogOpening>& openings,
                               const Checkpoint& checkpoint);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_LOG_OPENING_H_
