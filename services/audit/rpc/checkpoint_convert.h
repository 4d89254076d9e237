// Between the messages of checkpoint.proto and the operations' values. Pure.
//
// As audit_convert.h: FromProto reports every bad field at once, ToProto never fails.
#ifndef MESO_SERVICES_AUDIT_RPC_CHECKPOINT_CONVERT_H_
#define MESO_SERVICES_AUDIT_RPC_CHECKPOINT_CONVERT_H_

#include "absl/status/statusor.h"
#include "meso/audit/v1/checkpoint.pb.h"
#include "services/audit/checkpoint_operations.h"
#include "services/audit/rpc/audit_convert.h"

namespace meso::audit {

absl::StatusOr<CheckpointListRequest> FromProto(const v1::ListCheckpointsRequest& request);
absl::StatusOr<ConsistencyRequest> FromProto(const v1::GetConsistencyProofRequest& request);
absl::StatusOr<TilePlace> FromProto(const v1::GetTileRequest& request);
absl::StatusOr<CosignatureRequest> FromProto(const v1::AddCosignatureRequest& request);

// The page of this request, with the token of the next.
void ToProto(const CheckpointPage& page, const v1::ListCheckpointsRequest& request,
             v1::ListCheckpointsResponse* response);
void ToProto(const ConsistencyView& view, v1::ConsistencyProof* proof);
void ToProto(const TileView& view, v1::Tile* tile);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_CHECKPOINT_CONVERT_H_
