// The methods of audit_service.h about legal holds, erasure and pruning.
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/retention_convert.h"

namespace meso::audit {
namespace {

const auto kFromProto = [](const auto& request) { return FromProto(request); };
const auto kToProto = [](const auto& value, auto* response) { ToProto(value, response); };

struct Nothing {};
const auto kNothing = [](const auto&) { return absl::StatusOr<Nothing>(Nothing()); };

}  // namespace

grpc::ServerUnaryReactor* AuditService::PlaceLegalHold(grpc::CallbackServerContext* context,
                                                       const v1::PlaceLegalHoldRequest* request,
                                                       v1::LegalHold* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/PlaceLegalHold", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const HoldOrder& order) {
        return retention_.PlaceLegalHold(tx, call, order);
      },
      kToProto, [this](Transaction& tx, v1::LegalHold* hold) { return RestoreFilter(tx, hold); });
}

grpc::ServerUnaryReactor* AuditService::LiftLegalHold(grpc::CallbackServerContext* context,
                                                      const v1::LiftLegalHoldRequest* request,
                                                      v1::LegalHold* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/LiftLegalHold", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const std::string& name) {
        return retention_.LiftLegalHold(tx, call, name);
      },
      kToProto, [this](Transaction& tx, v1::LegalHold* hold) { return RestoreFilter(tx, hold); });
}

absl::Status AuditService::RestoreFilter(Transaction& tx, v1::LegalHold* hold) const {
  absl::StatusOr<std::string> filter = retention_.FilterOf(tx, hold->name());
  if (!filter.ok()) return filter.status();
  hold->set_filter(*std::move(filter));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* AuditService::ListLegalHolds(grpc::CallbackServerContext* context,
                                                       const v1::ListLegalHoldsRequest* request,
                                                       v1::ListLegalHoldsResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListLegalHolds", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext&, const RowQuery& list) {
        return retention_.ListLegalHolds(tx, list);
      },
      [request](const HoldPage& page, v1::ListLegalHoldsResponse* out) {
        ToProto(page, *request, out);
      });
}

grpc::ServerUnaryReactor* AuditService::ErasePatient(grpc::CallbackServerContext* context,
                                                     const v1::ErasePatientRequest* request,
                                                     v1::ErasureCertificate* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/ErasePatient", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const ErasureOrder& order) {
        return retention_.ErasePatient(tx, call, order);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::ListRetentionClasses(
    grpc::CallbackServerContext* context, const v1::ListRetentionClassesRequest* request,
    v1::ListRetentionClassesResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListRetentionClasses", context, request, response,
      kNothing,
      [this](Transaction&, const CallContext&, const Nothing&) {
        return absl::StatusOr<std::vector<RetentionClass>>(retention_.classes());
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::PrunePayloads(grpc::CallbackServerContext* context,
                                                      const v1::PrunePayloadsRequest* request,
                                                      v1::PrunePayloadsResponse* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/PrunePayloads", context, request, response, kNothing,
      [this](Transaction& tx, const CallContext& call, const Nothing&) {
        return retention_.PrunePayloads(tx, call);
      },
      kToProto);
}

}  // namespace meso::audit
