// meso.audit.v1.AuditService on the callback API: each method converts, calls its operation,
// converts back.
//
// Everything around a call (tokens, rights, deadlines, access entries) is ServeCall's. The stream
// is an ExportStream (export_stream.h). Thread-safe.
#ifndef MESO_SERVICES_AUDIT_RPC_AUDIT_SERVICE_H_
#define MESO_SERVICES_AUDIT_RPC_AUDIT_SERVICE_H_

#include "common/rpc/serve_call.h"
#include "meso/audit/v1/audit_service.grpc.pb.h"
#include "services/audit/audit_operations.h"
#include "services/audit/retention_operations.h"

namespace meso::audit {

class AuditService final : public v1::AuditService::CallbackService {
 public:
  // All outlive the service.
  AuditService(CallServer& calls, const AuditOperations& operations,
               const RetentionOperations& retention)
      : calls_(calls), operations_(operations), retention_(retention) {}

  grpc::ServerUnaryReactor* BatchAppendEntries(grpc::CallbackServerContext* context,
                                               const v1::BatchAppendEntriesRequest* request,
                                               v1::BatchAppendEntriesResponse* response) override;
  grpc::ServerUnaryReactor* GetEntry(grpc::CallbackServerContext* context,
                                     const v1::GetEntryRequest* request,
                                     v1::Entry* response) override;
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* context,
                                              const v1::GetInclusionProofRequest* request,
                                              v1::InclusionProof* response) override;
  grpc::ServerUnaryReactor* ListEntries(grpc::CallbackServerContext* context,
                                        const v1::ListEntriesRequest* request,
                                        v1::ListEntriesResponse* response) override;
  grpc::ServerUnaryReactor* GetTimeline(grpc::CallbackServerContext* context,
                                        const v1::GetTimelineRequest* request,
                                        v1::GetTimelineResponse* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::Checkpoint* response) override;
  grpc::ServerUnaryReactor* ListLogKeys(grpc::CallbackServerContext* context,
                                        const v1::ListLogKeysRequest* request,
                                        v1::ListLogKeysResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportEntriesResponse>* ExportEntries(
      grpc::CallbackServerContext* context, const v1::ExportEntriesRequest* request) override;

  grpc::ServerUnaryReactor* PlaceLegalHold(grpc::CallbackServerContext* context,
                                           const v1::PlaceLegalHoldRequest* request,
                                           v1::LegalHold* response) override;
  grpc::ServerUnaryReactor* LiftLegalHold(grpc::CallbackServerContext* context,
                                          const v1::LiftLegalHoldRequest* request,
                                          v1::LegalHold* response) override;
  grpc::ServerUnaryReactor* ListLegalHolds(grpc::CallbackServerContext* context,
                                           const v1::ListLegalHoldsRequest* request,
                                           v1::ListLegalHoldsResponse* response) override;
  grpc::ServerUnaryReactor* ErasePatient(grpc::CallbackServerContext* context,
                                         const v1::ErasePatientRequest* request,
                                         v1::ErasureCertificate* response) override;
  grpc::ServerUnaryReactor* ListRetentionClasses(
      grpc::CallbackServerContext* context, const v1::ListRetentionClassesRequest* request,
      v1::ListRetentionClassesResponse* response) override;
  grpc::ServerUnaryReactor* PrunePayloads(grpc::CallbackServerContext* context,
                                          const v1::PrunePayloadsRequest* request,
                                          v1::PrunePayloadsResponse* response) override;

 private:
  // A stored reply is kept without the filter.
  absl::Status RestoreFilter(Transaction& tx, v1::LegalHold* hold) const;

  CallServer& calls_;
  const AuditOperations& operations_;
  const RetentionOperations& retention_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_AUDIT_SERVICE_H_
