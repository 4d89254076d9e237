// The refusals that are screening's own; what all services share is in common/base/error.h.
//
// Named for the fact. No text here ever holds an answer or a patient. Stateless, any thread.
#ifndef MESO_SERVICES_SCREENING_DOMAIN_ERRORS_H_
#define MESO_SERVICES_SCREENING_DOMAIN_ERRORS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meso::screening {

// FAILED_PRECONDITION / RULE_SET_NOT_PUBLISHED: the chain has no rule set in force.
absl::Status RuleSetNotPublished();

// FAILED_PRECONDITION / SELF_APPROVAL: the author may not publish `name`.
absl::Status SelfApproval(absl::string_view name);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_DOMAIN_ERRORS_H_
