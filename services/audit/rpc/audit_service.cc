#include "services/audit/rpc/audit_service.h"

#include <vector>

#include "common/base/error.h"
#include "services/audit/rpc/audit_convert.h"
#include "services/audit/rpc/checkpoint_convert.h"
#include "services/audit/rpc/export_stream.h"
#include "services/audit/rpc/prove_stream.h"
#include "services/audit/rpc/source_convert.h"
#include "services/audit/rpc/verify_stream.h"

namespace meso::audit {
namespace {

// The overloads for one request or value type, as function objects.
const auto kFromProto = [](const auto& request) { return FromProto(request); };
const auto kToProto = [](const auto& value, auto* response) { ToProto(value, response); };

struct Nothing {};

}  // namespace

grpc::ServerUnaryReactor* AuditService::BatchAppendEntries(
    grpc::CallbackServerContext* context, const v1::BatchAppendEntriesRequest* request,
    v1::BatchAppendEntriesResponse* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/BatchAppendEntries", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const Batch& batch) {
        auto result = operations_.BatchAppendEntries(tx, call, batch);
        if (result.ok()) {
          sources_.NoteArrival(tx, batch);
        } else if (ReasonOf(result.status()) == "SEQUENCE_GAP") {
          sources_.NoteGap(batch);
        }
        return result;
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::GetEntry(grpc::CallbackServerContext* context,
                                                 const v1::GetEntryRequest* request,
                                                 v1::Entry* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/GetEntry", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, uint64_t index) {
        return operations_.GetEntry(tx, call, index);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::GetInclusionProof(
    grpc::CallbackServerContext* context, const v1::GetInclusionProofRequest* request,
    v1::InclusionProof* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/GetInclusionProof", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const ProofRequest& proof) {
        return operations_.GetInclusionProof(tx, call, proof);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::ListEntries(grpc::CallbackServerContext* context,
                                                    const v1::ListEntriesRequest* request,
                                                    v1::ListEntriesResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListEntries", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const ListRequest& list) {
        return operations_.ListEntries(tx, call, list);
      },
      [request](const EntryPage& page, v1::ListEntriesResponse* out) {
        ToProto(page, *request, out);
      });
}

grpc::ServerUnaryReactor* AuditService::GetTimeline(grpc::CallbackServerContext* context,
                                                    const v1::GetTimelineRequest* request,
                                                    v1::GetTimelineResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/GetTimeline", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const TimelineRequest& timeline) {
        return operations_.GetTimeline(tx, call, timeline);
      },
      [request](const TimelinePage& page, v1::GetTimelineResponse* out) {
        ToProto(page, *request, out);
      });
}

grpc::ServerUnaryReactor* AuditService::GetCheckpoint(grpc::CallbackServerContext* context,
                                                      const v1::GetCheckpointRequest* request,
                                                      v1::Checkpoint* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/GetCheckpoint", context, request, response,
      [](const v1::GetCheckpointRequest&) { return absl::StatusOr<Nothing>(Nothing()); },
      [this](Transaction& tx, const CallContext&, const Nothing&) {
        return operations_.GetCheckpoint(tx);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::ListLogKeys(grpc::CallbackServerContext* context,
                                                    const v1::ListLogKeysRequest* request,
                                                    v1::ListLogKeysResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListLogKeys", context, request, response,
      [](const v1::ListLogKeysRequest&) { return absl::StatusOr<Nothing>(Nothing()); },
      [this](Transaction& tx, const CallContext&, const Nothing&) {
        return operations_.ListLogKeys(tx);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::ListSources(grpc::CallbackServerContext* context,
                                                    const v1::ListSourcesRequest* request,
                                                    v1::ListSourcesResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListSources", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext&, const SourceListRequest& list) {
        return sources_.ListSources(tx, list);
      },
      [request](const SourcePage& page, v1::ListSourcesResponse* out) {
        ToProto(page, *request, out);
      });
}

grpc::ServerWriteReactor<v1::ExportEntriesResponse>* AuditService::ExportEntries(
    grpc::CallbackServerContext* context, const v1::ExportEntriesRequest* request) {
  return new ExportStream(calls_, operations_, *context, *request);
}

grpc::ServerUnaryReactor* AuditService::ListCheckpoints(grpc::CallbackServerContext* context,
                                                        const v1::ListCheckpointsRequest* request,
                                                        v1::ListCheckpointsResponse* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/ListCheckpoints", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext&, const CheckpointListRequest& list) {
        return checkpoints_.ListCheckpoints(tx, list);
      },
      [request](const CheckpointPage& page, v1::ListCheckpointsResponse* out) {
        ToProto(page, *request, out);
      });
}

grpc::ServerUnaryReactor* AuditService::GetConsistencyProof(
    grpc::CallbackServerContext* context, const v1::GetConsistencyProofRequest* request,
    v1::ConsistencyProof* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/GetConsistencyProof", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext&, const ConsistencyRequest& consistency) {
        return checkpoints_.GetConsistencyProof(tx, consistency);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::GetTile(grpc::CallbackServerContext* context,
                                                const v1::GetTileRequest* request,
                                                v1::Tile* response) {
  return ServeRead(
      calls_, "meso.audit.v1.AuditService/GetTile", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext&, const TilePlace& place) {
        return checkpoints_.GetTile(tx, place);
      },
      kToProto);
}

grpc::ServerUnaryReactor* AuditService::AddCosignature(grpc::CallbackServerContext* context,
                                                       const v1::AddCosignatureRequest* request,
                                                       v1::Checkpoint* response) {
  return ServeMutation(
      calls_, "meso.audit.v1.AuditService/AddCosignature", context, request, response, kFromProto,
      [this](Transaction& tx, const CallContext& call, const CosignatureRequest& cosignature) {
        return checkpoints_.AddCosignature(tx, call, cosignature);
      },
      kToProto);
}

grpc::ServerWriteReactor<v1::ExportEntriesResponse>* AuditService::ProveEntries(
    grpc::CallbackServerContext* context, const v1::ProveEntriesRequest* request) {
  return new ProveStream(calls_, prove_, *context, *request);
}

grpc::ServerWriteReactor<v1::VerifyLogResponse>* AuditService::VerifyLog(
    grpc::CallbackServerContext* context, const v1::VerifyLogRequest* request) {
  return new VerifyStream(calls_, operations_, verify_, *context, *request);
}

}  // namespace meso::audit
