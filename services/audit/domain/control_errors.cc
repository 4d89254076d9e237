#include "services/audit/domain/control_errors.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace meso::audit {

absl::Status GrantRequired(absl::string_view subject, absl::string_view why) {
  return Error(absl::StatusCode::kPermissionDenied, "GRANT_REQUIRED",
               absl::StrCat(why, ". Ask the compliance auditor for a grant (CreateAuditorGrant)."))
      .With("subject", subject);
}

absl::Status EmergencyAccessRequired(absl::string_view subject) {
  return Error(absl::StatusCode::kPermissionDenied, "EMERGENCY_ACCESS_REQUIRED",
               "The caller's role does not reach this timeline. In an emergency open it for four "
               "hours with BreakGlass; it will be reviewed.")
      .With("subject", subject);
}

absl::Status SelfGrant(absl::string_view subject) {
  return Error(absl::StatusCode::kFailedPrecondition, "SELF_APPROVAL",
               "Nobody gives a grant to themselves. Have another person give it.")
      .With("subject", subject)
      .Because({"SELF_APPROVAL", std::string(subject), "granted by another person"});
}

absl::Status EmergencySelfReview(absl::string_view name) {
  return Error(absl::StatusCode::kFailedPrecondition, "SELF_APPROVAL",
               absl::StrCat(name, " was taken by the caller. Have another person review it."))
      .With("name", name)
      .Because({"SELF_APPROVAL", std::string(name), "reviewed by another person"});
}

}  // namespace meso::audit
