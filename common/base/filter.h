// The list filters of the API (AIP-160): `field op value`, AND / OR / NOT, parentheses, `:` for
// "has". As AIP-160 has it, OR binds tighter than AND; `-` before a term is NOT.
//
//   site = "sites/par-1" AND state = BOOKED AND start_time >= "2026-11-20T00:00:00Z" AND NOT
//   at_risk = false
//
// One parser for all services; pure, bounded (FilterLimits) and safe on any input. It checks the
// grammar and the field names; what a value must look like is decided where the filter is compiled
// to SQL.
#ifndef MESO_COMMON_BASE_FILTER_H_
#define MESO_COMMON_BASE_FILTER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso {

struct FilterNode {
  enum class Kind { kAnd, kOr, kNot, kTerm };
  Kind kind = Kind::kAnd;            // an empty kAnd matches everything
  std::vector<FilterNode> children;  // of kAnd, kOr; one child of kNot
  std::string field;                 // of kTerm
  std::string op;                    // of kTerm: = != < <= > >= :
  std::string value;                 // of kTerm, unquoted
};

// How large a filter may be. The defaults are those of the API.
struct FilterLimits {
  size_t length = 2000;  // characters
  int depth = 20;        // of parentheses
  int terms = 50;
};

// Errors: INVALID_ARGUMENT / FILTER_INVALID with the position and the allowed fields, never with
// the text itself, which may name a patient.
absl::StatusOr<FilterNode> ParseFilter(absl::string_view text,
                                       const std::vector<std::string>& allowed_fields,
                                       const FilterLimits& limits = {});

// Which of `words` a value of the field means: case does not matter, nor does the enum's prefix
// ("STATE_BOOKED", as JSON spells it, is the word BOOKED of the field state). "" when it is none.
std::string FilterWord(absl::string_view field, absl::string_view value,
                       const std::vector<std::string>& words);

}  // namespace meso

#endif  // MESO_COMMON_BASE_FILTER_H_
