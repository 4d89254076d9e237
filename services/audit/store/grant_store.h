// Rows of auditor grants and emergency accesses.
//
// Functions over a Transaction; they decide nothing and hold pseudonyms only. Every one of them may
// also return what the Database returns.
#ifndef MESO_SERVICES_AUDIT_STORE_GRANT_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_GRANT_STORE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/filter.h"
#include "common/database/database.h"
#include "services/audit/domain/grant.h"
#include "services/audit/domain/row_page.h"

namespace meso::audit {

absl::Status InsertGrant(Transaction& tx, const AuditorGrant& grant);
// RESOURCE_NOT_FOUND.
absl::StatusOr<AuditorGrant> LoadGrant(Transaction& tx, const std::string& name);
absl::Status RevokeGrant(Transaction& tx, const std::string& name, absl::Time revoke_time);
// Those of the subject that are in force now, oldest first.
absl::StatusOr<std::vector<AuditorGrant>> ListActiveGrants(Transaction& tx,
                                                           const std::string& subject,
                                                           absl::Time now);
// With their rows. FILTER_INVALID; fields: subject, creator, state.
absl::StatusOr<std::vector<std::pair<int64_t, AuditorGrant>>> ListGrants(Transaction& tx,
                                                                         const RowQuery& query,
                                                                         absl::Time now);

absl::Status InsertEmergencyAccess(Transaction& tx, const EmergencyAccess& access);
// RESOURCE_NOT_FOUND.
absl::StatusOr<EmergencyAccess> LoadEmergencyAccess(Transaction& tx, const std::string& name);
absl::Status SaveEmergencyReview(Transaction& tx, const EmergencyAccess& access);
// Those of the subject to this patient that are open now and were not found unjustified, oldest
// first.
absl::StatusOr<std::vector<EmergencyAccess>> ListOpenEmergencyAccesses(Transaction& tx,
                                                                       const std::string& subject,
                                                                       const std::string& pseudonym,
                                                                       absl::Time now);
// With their rows. FILTER_INVALID; fields: subject, review.
absl::StatusOr<std::vector<std::pair<int64_t, EmergencyAccess>>> ListEmergencyAccesses(
    Transaction& tx, const RowQuery& query);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_GRANT_STORE_H_
