// What the protos say in their comments, compiled in: descriptors themselves carry none.
//
// The tables are generated at build time by contract_text; describe, errors and the help pages read
// them. They live as long as the process; thread-safe.
#ifndef MESO_SERVICES_MESOCTL_CONTRACT_API_TEXT_H_
#define MESO_SERVICES_MESOCTL_CONTRACT_API_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace meso::mesoctl {

struct ApiComment {
  const char* name;  // full name: "meso.inventory.v1.Lot.expiry_date"
  const char* text;  // one paragraph or several, divided by "\n"; without the error lines
};

struct ErrorNote {
  const char* code;    // "FAILED_PRECONDITION"
  const char* reason;  // "SLOT_TAKEN"
  const char* method;  // full name; "" = any method
  const char* text;    // when, and what to do
};

// Sorted by name.
absl::Span<const ApiComment> ApiComments();
// Sorted by reason, code, method.
absl::Span<const ErrorNote> ErrorNotes();

// The comment of an element; "" when it has none.
absl::string_view CommentOf(absl::string_view full_name);

// Its first sentence without the full stop.
std::string FirstSentence(absl::string_view comment);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CONTRACT_API_TEXT_H_
