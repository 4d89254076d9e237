// meso.audit.v1.AuditService on the callback API: each method converts, calls its operation,
// converts back.
//
// Everything around a call (tokens, rights, deadlines, access entries) is ServeCall's. Streams
// are BundleStreams (bundle_stream.h). Thread-safe.
#ifndef MESO_SERVICES_AUDIT_RPC_AUDIT_SERVICE_H_
#define MESO_SERVICES_AUDIT_RPC_AUDIT_SERVICE_H_

#include "common/rpc/serve_call.h"
#include "meso/audit/v1/audit_service.grpc.pb.h"
#include "services/audit/audit_controls.h"
#include "services/audit/audit_operations.h"
#include "services/audit/checkpoint_operations.h"
#include "services/audit/prove_operations.h"
#include "services/audit/retention_operations.h"
#include "services/audit/source_operations.h"
#include "services/audit/verify_operations.h"

namespace meso::audit {

// What the service calls.
struct AuditUseCases {
  const AuditOperations& operations;
  const CheckpointOperations& checkpoints;
  const ProveOperations& prove;
  const AuditControls controls;
  const SourceOperations& sources;
  const RetentionOperations& retention;
  const VerifyOperations& verify;
};

class AuditService final : public v1::AuditService::CallbackService {
 public:
  // All outlive the service.
  AuditService(CallServer& calls, const AuditUseCases& use_cases)
      : calls_(calls),
        operations_(use_cases.operations),
        checkpoints_(use_cases.checkpoints),
        prove_(use_cases.prove),
        controls_(use_cases.controls),
        sources_(use_cases.sources),
        retention_(use_cases.retention),
        verify_(use_cases.verify) {}

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
  grpc::ServerUnaryReactor* ListSources(grpc::CallbackServerContext* context,
                                        const v1::ListSourcesRequest* request,
                                        v1::ListSourcesResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportEntriesResponse>* ExportEntries(
      grpc::CallbackServerContext* context, const v1::ExportEntriesRequest* request) override;
  grpc::ServerUnaryReactor* ListCheckpoints(grpc::CallbackServerContext* context,
                                            const v1::ListCheckpointsRequest* request,
                                            v1::ListCheckpointsResponse* response) override;
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::ConsistencyProof* response) override;
  grpc::ServerUnaryReactor* GetTile(grpc::CallbackServerContext* context,
                                    const v1::GetTileRequest* request, v1::Tile* response) override;
  grpc::ServerUnaryReactor* AddCosignature(grpc::CallbackServerContext* context,
                                           const v1::AddCosignatureRequest* request,
                                           v1::Checkpoint* response) override;
  grpc::ServerWriteReactor<v1::ExportEntriesResponse>* ProveEntries(
      grpc::CallbackServerContext* context, const v1::ProveEntriesRequest* request) override;

  grpc::ServerWriteReactor<v1::VerifyLogResponse>* VerifyLog(
      grpc::CallbackServerContext* context, const v1::VerifyLogRequest* request) override;

  // Controls: control_service.cc.
  grpc::ServerUnaryReactor* ListAssertions(grpc::CallbackServerContext* context,
                                           const v1::ListAssertionsRequest* request,
                                           v1::ListAssertionsResponse* response) override;
  grpc::ServerUnaryReactor* ListViolations(grpc::CallbackServerContext* context,
                                           const v1::ListViolationsRequest* request,
                                           v1::ListViolationsResponse* response) override;
  grpc::ServerUnaryReactor* CreateAuditorGrant(grpc::CallbackServerContext* context,
                                               const v1::CreateAuditorGrantRequest* request,
                                               v1::AuditorGrant* response) override;
  grpc::ServerUnaryReactor* RevokeAuditorGrant(grpc::CallbackServerContext* context,
                                               const v1::RevokeAuditorGrantRequest* request,
                                               v1::AuditorGrant* response) override;
  grpc::ServerUnaryReactor* ListAuditorGrants(grpc::CallbackServerContext* context,
                                              const v1::ListAuditorGrantsRequest* request,
                                              v1::ListAuditorGrantsResponse* response) override;
  grpc::ServerUnaryReactor* BreakGlass(grpc::CallbackServerContext* context,
                                       const v1::BreakGlassRequest* request,
                                       v1::EmergencyAccess* response) override;
  grpc::ServerUnaryReactor* ReviewEmergencyAccess(grpc::CallbackServerContext* context,
                                                  const v1::ReviewEmergencyAccessRequest* request,
                                                  v1::EmergencyAccess* response) override;
  grpc::ServerUnaryReactor* ListEmergencyAccesses(
      grpc::CallbackServerContext* context, const v1::ListEmergencyAccessesRequest* request,
      v1::ListEmergencyAccessesResponse* response) override;

  // Holds, erasure and pruning: retention_methods.cc.
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
  const CheckpointOperations& checkpoints_;
  const ProveOperations& prove_;
  const AuditControls controls_;
  const SourceOperations& sources_;
  const RetentionOperations& retention_;
  const VerifyOperations& verify_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_AUDIT_SERVICE_H_
