// Between the messages of meso.audit.v1 and the domain's values. Pure.
//
// FromProto reports every bad field at once (FIELD_REQUIRED, FIELD_INVALID, PAGE_TOKEN_INVALID);
// what the domain decides is left to it. ToProto never fails.
#ifndef MESO_SERVICES_AUDIT_RPC_AUDIT_CONVERT_H_
#define MESO_SERVICES_AUDIT_RPC_AUDIT_CONVERT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/audit/audit_operations.h"

namespace meso::audit {

absl::StatusOr<Batch> FromProto(const v1::BatchAppendEntriesRequest& request);
// The entry's index.
absl::StatusOr<uint64_t> FromProto(const v1::GetEntryRequest& request);
absl::StatusOr<ProofRequest> FromProto(const v1::GetInclusionProofRequest& request);
absl::StatusOr<ListRequest> FromProto(const v1::ListEntriesRequest& request);
absl::StatusOr<TimelineRequest> FromProto(const v1::GetTimelineRequest& request);
// Cosignatures a bundle may be asked to have.
inline constexpr int32_t kCosignaturesMax = 16;
void CheckCosignatures(int32_t cosignatures, FieldErrors* errors);
absl::StatusOr<ExportRequest> FromProto(const v1::ExportEntriesRequest& request);

void ToProto(const AppendResult& result, v1::BatchAppendEntriesResponse* response);
void ToProto(const EntryView& view, v1::Entry* entry);
void ToProto(const ProvenEntry& proven, v1::Entry* entry);
void ToProto(const EntryProof& proof, v1::InclusionProof* response);
void ToProto(const CheckpointView& view, v1::Checkpoint* checkpoint);
void ToProto(const std::vector<LogKeyView>& keys, v1::ListLogKeysResponse* response);
// The page of this request, with the token of the next.
void ToProto(const EntryPage& page, const v1::ListEntriesRequest& request,
             v1::ListEntriesResponse* response);
void ToProto(const TimelinePage& page, const v1::GetTimelineRequest& request,
             v1::GetTimelineResponse* response);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_AUDIT_CONVERT_H_
