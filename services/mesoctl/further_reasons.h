// Reasons that our pages name and no method's comment has: why a service does not start, causes
// inside another refusal, and words that stand in answers and are no errors at all.
//
// error_pages shows them beside those of the API, so that `errors explain` knows every word an
// operator meets. Plain data.
#ifndef MESO_SERVICES_MESOCTL_FURTHER_REASONS_H_
#define MESO_SERVICES_MESOCTL_FURTHER_REASONS_H_

#include "absl/types/span.h"

namespace meso::mesoctl {

struct FurtherReason {
  const char* reason;
  const char* code;   // of the refusal it stands in; "" = no error
  const char* where;  // where it is met
  const char* text;   // when, and what to do
};

absl::Span<const FurtherReason> FurtherReasons();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_FURTHER_REASONS_H_
