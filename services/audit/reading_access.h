// The one gate all reads of the log pass: what may this caller see now, and who gave it.
//
// A role that reaches all sites sees everything; one held at named sites sees these. An external
// auditor sees what the active grants of the subject open, at the sites the role is held at; a
// practitioner, and a doctor beyond own sites, the timeline of a patient they broke the glass for.
// Several of these add up. Functions over a Transaction; the call's entry is told what opened it.
#ifndef MESO_SERVICES_AUDIT_READING_ACCESS_H_
#define MESO_SERVICES_AUDIT_READING_ACCESS_H_

#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/reading_scope.h"

namespace meso::audit {

// What a read is going to need.
struct ReadingWish {
  // Patients the question names by their codes, as pseudonyms.
  std::set<std::string> named_patients;
  // The patient whose timeline is asked for, as a pseudonym: an emergency access may open it.
  std::optional<std::string> timeline_patient;
  // Payloads are asked for; else they are shown where they may be.
  bool payloads = false;
};

// Notes the grants and accesses that open something in the call's entry (facts `grant` and
// `emergency_access`, the purpose). Errors: GRANT_REQUIRED, EMERGENCY_ACCESS_REQUIRED when the
// caller has no role but one that opens nothing by itself, and nothing is open.
absl::StatusOr<ReadingScope> AuthorizeReading(Transaction& tx, const CallContext& call,
                                              const ReadingWish& wish,
                                              const PseudonymKey& pseudonyms, absl::Time now);

// For reads in steps: GRANT_REQUIRED when an opening the scope was made of is open no more.
absl::Status CheckStillOpen(Transaction& tx, const std::string& subject, const ReadingScope& scope,
                            absl::Time now);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_READING_ACCESS_H_
