// Giving and taking back access to the log, and breaking the glass: what AuthorizeReading
// (reading_access.h) lets through is written here.
//
// One function per use case, each one transaction. Patients enter as codes and are stored as
// pseudonyms only; the call's entry names them as any entry does. Thread-safe.
#ifndef MESO_SERVICES_AUDIT_GRANT_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_GRANT_OPERATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/grant.h"
#include "services/audit/store/grant_store.h"

namespace meso::audit {

struct GrantPage {
  std::vector<AuditorGrant> grants;
  int64_t next_row = 0;  // 0 on the last page
};

struct BreakGlassRequest {
  std::string patient;  // patients/{code}
  std::string justification;
};

struct ReviewRequest {
  std::string name;
  EmergencyReview review = EmergencyReview::kNone;
  std::string note;
};

struct EmergencyAccessPage {
  std::vector<EmergencyAccess> accesses;
  int64_t next_row = 0;
};

class GrantOperations {
 public:
  // `clock` and `ids` outlive the object.
  GrantOperations(const Clock& clock, IdSource& ids, PseudonymKey pseudonyms)
      : clock_(clock), ids_(ids), pseudonyms_(std::move(pseudonyms)) {}

  // `wanted` has subject, scope (as the caller spelled it), purpose, payloads and times; an
  // InfinitePast start is now. Errors: FIELD_INVALID, FILTER_INVALID, SELF_APPROVAL.
  absl::StatusOr<AuditorGrant> CreateAuditorGrant(Transaction& tx, const CallContext& call,
                                                  const AuditorGrant& wanted) const;
  // RESOURCE_NOT_FOUND, STATE_NOT_ALLOWED.
  absl::StatusOr<AuditorGrant> RevokeAuditorGrant(Transaction& tx, const CallContext& call,
                                                  const std::string& name) const;
  // FILTER_INVALID.
  absl::StatusOr<GrantPage> ListAuditorGrants(Transaction& tx, const RowQuery& query) const;
  // For replays.
  absl::StatusOr<AuditorGrant> FindGrant(Transaction& tx, const std::string& name) const;

  // The call's entry is flagged as a violation.
  absl::StatusOr<EmergencyAccess> BreakGlass(Transaction& tx, const CallContext& call,
                                             const BreakGlassRequest& request) const;
  // RESOURCE_NOT_FOUND, SELF_APPROVAL, STATE_NOT_ALLOWED.
  absl::StatusOr<EmergencyAccess> ReviewEmergencyAccess(Transaction& tx, const CallContext& call,
                                                        const ReviewRequest& request) const;
  // FILTER_INVALID.
  absl::StatusOr<EmergencyAccessPage> ListEmergencyAccesses(Transaction& tx,
                                                            const RowQuery& query) const;

 private:
  const Clock& clock_;
  IdSource& ids_;
  PseudonymKey pseudonyms_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_GRANT_OPERATIONS_H_
