// Access to the log that is given to somebody (auditor grants) or taken in an emergency, and the
// rules of both.
//
// Patients are pseudonyms here, in every field. Pure values; the clock is the caller's.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_GRANT_H_
#define MESO_SERVICES_AUDIT_DOMAIN_GRANT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::audit {

inline constexpr absl::Duration kGrantTimeMax = absl::Hours(24 * 366);
inline constexpr int kJustificationMin = 10;
inline constexpr int kJustificationMax = 500;

struct AuditorGrant {
  std::string name;
  std::string subject;
  std::string scope;  // a filter in the spelling of EntryFilter::Text, with pseudonyms
  std::string purpose;
  bool payloads = false;
  absl::Time start_time = absl::InfinitePast();
  absl::Time expire_time = absl::InfinitePast();
  std::string creator;
  absl::Time create_time = absl::InfinitePast();
  absl::Time revoke_time = absl::InfiniteFuture();  // InfiniteFuture = it was not
};

enum class GrantState { kPending, kActive, kExpired, kRevoked };
// Also of one that starts later: taken back is taken back.
GrantState StateOf(const AuditorGrant& grant, absl::Time now);
absl::string_view ToText(GrantState state);
// Times and the coded purpose of a grant to be made. Every bad field: FIELD_REQUIRED,
// FIELD_INVALID.
absl::Status CheckGrant(const AuditorGrant& grant, absl::Time now);
// FAILED_PRECONDITION / STATE_NOT_ALLOWED when it is over or was taken back.
absl::Status DecideRevoke(const AuditorGrant& grant, absl::Time now);

// Numbers as in meso.audit.v1.
enum class EmergencyReview { kNone = 0, kJustified = 1, kUnjustified = 2 };
absl::string_view ToText(EmergencyReview review);

struct EmergencyAccess {
  std::string name;
  std::string subject;
  std::string pseudonym;
  std::string justification;
  absl::Time create_time = absl::InfinitePast();
  absl::Time expire_time = absl::InfinitePast();
  EmergencyReview review = EmergencyReview::kNone;
  std::string reviewer;
  absl::Time review_time = absl::InfinitePast();
  std::string review_note;
};

// FAILED_PRECONDITION / SELF_APPROVAL when the reviewer took it, STATE_NOT_ALLOWED when it has been
// reviewed.
absl::Status DecideReview(const EmergencyAccess& access, absl::string_view reviewer);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_GRANT_H_
