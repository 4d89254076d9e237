#include "services/audit/domain/grant.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/base/error.h"
#include "services/audit/domain/control_errors.h"

namespace meso::audit {
namespace {

constexpr size_t kPurposeSizeMax = 16;

bool IsPurposeCode(absl::string_view text) {
  return !text.empty() && text.size() <= kPurposeSizeMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isupper(c) != 0; });
}

}  // namespace

GrantState StateOf(const AuditorGrant& grant, absl::Time now) {
  if (grant.revoke_time != absl::InfiniteFuture()) return GrantState::kRevoked;
  if (now >= grant.expire_time) return GrantState::kExpired;
  return now < grant.start_time ? GrantState::kPending : GrantState::kActive;
}

absl::string_view ToText(GrantState state) {
  switch (state) {
    case GrantState::kPending:
      return "PENDING";
    case GrantState::kActive:
      return "ACTIVE";
    case GrantState::kExpired:
      return "EXPIRED";
    case GrantState::kRevoked:
      break;
  }
  return "REVOKED";
}

absl::Status CheckGrant(const AuditorGrant& grant, absl::Time now) {
  FieldErrors errors;
  if (!IsPurposeCode(grant.purpose)) {
    errors.Invalid("auditor_grant.purpose", "a code of HL7 v3 ActReason, as in HOPERAT or HLEGAL");
  }
  if (grant.expire_time <= std::max(now, grant.start_time)) {
    errors.Invalid("auditor_grant.expire_time", "must lie ahead, after start_time");
  } else if (grant.expire_time - grant.start_time > kGrantTimeMax) {
    errors.Invalid("auditor_grant.expire_time", "at most 366 days after start_time");
  }
  return errors.ToStatus();
}

absl::Status DecideRevoke(const AuditorGrant& grant, absl::Time now) {
  const GrantState state = StateOf(grant, now);
  if (state == GrantState::kActive || state == GrantState::kPending) return absl::OkStatus();
  return StateNotAllowed(grant.name, ToText(state), "ACTIVE or PENDING");
}

absl::string_view ToText(EmergencyReview review) {
  if (review == EmergencyReview::kNone) return "NONE";
  return review == EmergencyReview::kJustified ? "JUSTIFIED" : "UNJUSTIFIED";
}

absl::Status DecideReview(const EmergencyAccess& access, absl::string_view reviewer) {
  if (access.subject == reviewer) return EmergencySelfReview(access.name);
  if (access.review == EmergencyReview::kNone) return absl::OkStatus();
  return StateNotAllowed(access.name, ToText(access.review), "NONE");
}

}  // namespace meso::audit
