// The refusals of auditor grants and emergency accesses. Pure; no patient reference in any of them.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_CONTROL_ERRORS_H_
#define MESO_SERVICES_AUDIT_DOMAIN_CONTROL_ERRORS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meso::audit {

// PERMISSION_DENIED / GRANT_REQUIRED: no grant of the caller's opens this now; `why` says which
// part is missing.
absl::Status GrantRequired(absl::string_view subject, absl::string_view why);
// PERMISSION_DENIED / EMERGENCY_ACCESS_REQUIRED: the caller's role does not reach this timeline.
absl::Status EmergencyAccessRequired(absl::string_view subject);
// FAILED_PRECONDITION / SELF_APPROVAL: nobody gives a grant to themselves.
absl::Status SelfGrant(absl::string_view subject);
// FAILED_PRECONDITION / SELF_APPROVAL: whoever took an emergency access does not review it.
absl::Status EmergencySelfReview(absl::string_view name);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_CONTROL_ERRORS_H_
