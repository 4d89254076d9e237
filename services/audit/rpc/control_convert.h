// Between the messages of control.proto and grant.proto and the values of audit's controls. Pure.
//
// As audit_convert.h: every bad field at once, what the domain decides is left to it. Of an
// emergency access no message ever holds the patient, except the answer to who named it.
#ifndef MESO_SERVICES_AUDIT_RPC_CONTROL_CONVERT_H_
#define MESO_SERVICES_AUDIT_RPC_CONTROL_CONVERT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/audit/assertion_operations.h"
#include "services/audit/grant_operations.h"

namespace meso::audit {

absl::StatusOr<RowQuery> FromProto(const v1::ListViolationsRequest& request);
absl::StatusOr<AuditorGrant> FromProto(const v1::CreateAuditorGrantRequest& request);
// The grant's name.
absl::StatusOr<std::string> FromProto(const v1::RevokeAuditorGrantRequest& request);
absl::StatusOr<RowQuery> FromProto(const v1::ListAuditorGrantsRequest& request);
absl::StatusOr<BreakGlassRequest> FromProto(const v1::BreakGlassRequest& request);
absl::StatusOr<ReviewRequest> FromProto(const v1::ReviewEmergencyAccessRequest& request);
absl::StatusOr<RowQuery> FromProto(const v1::ListEmergencyAccessesRequest& request);

void ToProto(const std::vector<AssertionView>& views, v1::ListAssertionsResponse* response);
void ToProto(const ViolationPage& page, const v1::ListViolationsRequest& request,
             v1::ListViolationsResponse* response);
void ToProto(const AuditorGrant& grant, v1::AuditorGrant* proto);
void ToProto(const GrantPage& page, const v1::ListAuditorGrantsRequest& request,
             v1::ListAuditorGrantsResponse* response);
// Without the patient.
void ToProto(const EmergencyAccess& access, v1::EmergencyAccess* proto);
void ToProto(const EmergencyAccessPage& page, const v1::ListEmergencyAccessesRequest& request,
             v1::ListEmergencyAccessesResponse* response);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_CONTROL_CONVERT_H_
