// The controls of audit_service.h: assertions, auditor grants, emergency accesses.
#include "common/base/status_macros.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/control_convert.h"

namespace meso::audit {
namespace {

const auto kFromProto = [](const auto& request) { return FromProto(request); };
const auto kToProto = [](const auto& value, auto* response) { ToProto(value, response); };

struct Nothing {};

// A stored answer has no filter, which may name a patient; the row has it with pseudonyms.
std::function<absl::Status(Transaction&, v1::AuditorGrant*)> RestoreGrant(
    const GrantOperations& grants) {
  return [&grants](Transaction& tx, v1::AuditorGrant* response) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const AuditorGrant stored, grants.FindGrant(tx, response->name()));
    response->set_scope(EntryFilter::Retyped(stored.scope));
    return absl::OkStatus();
  };
}

}  // namespace

grpc::ServerUnaryReactor* AuditService::ListAssertions(grpc::CallbackServerContext* context,
                                                       const v1::ListAssertionsRequest* request,
                                                       v1::ListAssertionsResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListAssertions", context, request, response,
      [](const v1::ListAssertionsRequest&) { return absl::StatusOr<Nothing>(Nothing()); },
      [this](Transaction& tx, const CallContext&, const Nothing&) {
        return controls_.assertions.ListAssertions(tx);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::ListViolations(grpc::CallbackServerContext* context,
                                                       const v1::ListViolationsRequest* request,
                                                       v1::ListViolationsResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListViolations", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const RowQuery& query) {
        return controls_.assertions.ListViolations(tx, call, query);
      },
      [request](const ViolationPage& page, v1::ListViolationsResponse* out) {
        ToProto(page, *request, out);
      });
}

grpc::ServerUnaryReactor* AuditService::CreateAuditorGrant(
    grpc::CallbackServerContext* context, const v1::CreateAuditorGrantRequest* request,
    v1::AuditorGrant* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/CreateAuditorGrant", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const AuditorGrant& wanted) {
        return controls_.grants.CreateAuditorGrant(tx, call, wanted);
      },
      kToProto, RestoreGrant(controls_.grants));
}

grpc::ServerUnaryReactor* AuditService::RevokeAuditorGrant(
    grpc::CallbackServerContext* context, const v1::RevokeAuditorGrantRequest* request,
    v1::AuditorGrant* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/RevokeAuditorGrant", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const std::string& name) {
        return controls_.grants.RevokeAuditorGrant(tx, call, name);
      },
      kToProto, RestoreGrant(controls_.grants));
}

grpc::ServerUnaryReactor* AuditService::ListAuditorGrants(
    grpc::CallbackServerContext* context, const v1::ListAuditorGrantsRequest* request,
    v1::ListAuditorGrantsResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListAuditorGrants", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext&, const RowQuery& query) {
        return controls_.grants.ListAuditorGrants(tx, query);
      },
      [request](const GrantPage& page, v1::ListAuditorGrantsResponse* out) {
        ToProto(page, *request, out);
      });
}

grpc::ServerUnaryReactor* AuditService::BreakGlass(grpc::CallbackServerContext* context,
                                                   const v1::BreakGlassRequest* request,
                                                   v1::EmergencyAccess* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/BreakGlass", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const BreakGlassRequest& in) {
        return controls_.grants.BreakGlass(tx, call, in);
      },
      [request](const EmergencyAccess& access, v1::EmergencyAccess* out) {
        ToProto(access, out);
        out->set_patient(request->emergency_access().patient());
      },
      [request](Transaction&, v1::EmergencyAccess* out) {
        // The same body was asked for: it names the patient that is stored nowhere.
        out->set_patient(request->emergency_access().patient());
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* AuditService::ReviewEmergencyAccess(
    grpc::CallbackServerContext* context, const v1::ReviewEmergencyAccessRequest* request,
    v1::EmergencyAccess* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/ReviewEmergencyAccess", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const ReviewRequest& in) {
        return controls_.grants.ReviewEmergencyAccess(tx, call, in);
      },
      kToProto,
      [](Transaction&, v1::EmergencyAccess*) {
        return absl::OkStatus();  // the answer names no patient
      });
}

grpc::ServerUnaryReactor* AuditService::ListEmergencyAccesses(
    grpc::CallbackServerContext* context, const v1::ListEmergencyAccessesRequest* request,
    v1::ListEmergencyAccessesResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListEmergencyAccesses", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext&, const RowQuery& query) {
        return controls_.grants.ListEmergencyAccesses(tx, query);
      },
      [request](const EmergencyAccessPage& page, v1::ListEmergencyAccessesResponse* out) {
        ToProto(page, *request, out);
      });
}

}  // namespace meso::audit
