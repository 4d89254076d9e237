#include "services/audit/grant_operations.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/control_errors.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/reading_scope.h"

namespace meso::audit {

absl::StatusOr<AuditorGrant> GrantOperations::CreateAuditorGrant(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const AuditorGrant& wanted) const {
  if (wanted.subject == call.user().subject) return SelfGrant(wanted.subject);
  Hasher hasher;
  AuditorGrant grant = wanted;
  grant.create_time = clock_.Now();
  if (grant.start_time == absl::InfinitePast()) grant.start_time = grant.create_time;
  MESO_RETURN_IF_ERROR(CheckGrant(grant, grant.create_time));
  MESO_ASSIGN_OR_RETURN(const EntryFilter scope,
                        EntryFilter::Compile(wanted.scope, pseudonyms_, hasher));
  grant.scope = scope.Text();
  FieldErrors errors;
  if (grant.scope.empty())
    errors.Invalid("auditor_grant.scope", "must open something in particular");
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  for (const std::string& patient : scope.patients()) call.Touch("patient", patient);
  grant.name = absl::StrCat("auditorGrants/", ids_.NewId());
  grant.creator = call.user().subject;
  grant.revoke_time = absl::InfiniteFuture();
  MESO_RETURN_IF_ERROR(InsertGrant(tx, grant));
  call.Touch("actor", grant.subject);
  call.audit.facts["payloads"] = grant.payloads ? "yes" : "no";
  call.audit.facts["grant_purpose"] = grant.purpose;
  return grant;
}

absl::StatusOr<AuditorGrant> GrantOperations::RevokeAuditorGrant(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const std::string& name) const {
  MESO_ASSIGN_OR_RETURN(AuditorGrant grant, LoadGrant(tx, name));
  const absl::Time now = clock_.Now();
  MESO_RETURN_IF_ERROR(DecideRevoke(grant, now));
  grant.revoke_time = now;
  MESO_RETURN_IF_ERROR(RevokeGrant(tx, name, now));
  call.Touch("actor", grant.subject);
  return grant;
}

absl::StatusOr<GrantPage> GrantOperations::ListAuditorGrants(Transaction& tx,
                                                             const RowQuery& query) const {
  MESO_ASSIGN_OR_RETURN(auto rows, ListGrants(tx, OneMore(query), clock_.Now()));
  GrantPage page;
  page.next_row = FillPage(std::move(rows), query.limit, &page.grants);
  return page;
}

absl::StatusOr<AuditorGrant> GrantOperations::FindGrant(Transaction& tx,
                                                        const std::string& name) const {
  return LoadGrant(tx, name);
}

absl::StatusOr<EmergencyAccess> GrantOperations::BreakGlass(
    Transaction& tx, const CallContext& call, const BreakGlassRequest& request) const {
  Hasher hasher;
  EmergencyAccess access;
  access.name = absl::StrCat("emergencyAccesses/", ids_.NewId());
  access.subject = call.user().subject;
  access.pseudonym = pseudonyms_.PseudonymOf(request.patient, hasher);
  access.justification = request.justification;
  access.create_time = clock_.Now();
  access.expire_time = access.create_time + kEmergencyAccessTime;
  MESO_RETURN_IF_ERROR(InsertEmergencyAccess(tx, access));
  call.Touch("patient", request.patient);
  call.audit.violation = true;
  call.audit.purpose = kEmergencyPurpose;
  call.audit.facts["emergency_access"] = access.name;
  return access;
}

absl::StatusOr<EmergencyAccess> GrantOperations::ReviewEmergencyAccess(
    Transaction& tx, const CallContext& call, const ReviewRequest& request) const {
  MESO_ASSIGN_OR_RETURN(EmergencyAccess access, LoadEmergencyAccess(tx, request.name));
  MESO_RETURN_IF_ERROR(DecideReview(access, call.user().subject));
  access.review = request.review;
  access.reviewer = call.user().subject;
  access.review_time = clock_.Now();
  access.review_note = request.note;
  MESO_RETURN_IF_ERROR(SaveEmergencyReview(tx, access));
  call.Touch("actor", access.subject);
  call.audit.facts["review"] = std::string(ToText(access.review));
  return access;
}

absl::StatusOr<EmergencyAccessPage> GrantOperations::ListEmergencyAccesses(
    Transaction& tx, const RowQuery& query) const {
  MESO_ASSIGN_OR_RETURN(auto rows, meso::audit::ListEmergencyAccesses(tx, OneMore(query)));
  EmergencyAccessPage page;
  page.next_row = FillPage(std::move(rows), query.limit, &page.accesses);
  return page;
}

}  // namespace meso::audit
