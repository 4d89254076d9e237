// The methods of InventoryService about the recall as a case.
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"
#include "services/inventory/rpc/recall_convert.h"

namespace meso::inventory {
namespace {

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

grpc::ServerUnaryReactor* InventoryService::AcknowledgeRecall(
    grpc::CallbackServerContext* context, const v1::AcknowledgeRecallRequest* request,
    v1::Recall* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/AcknowledgeRecall", context,
                       request, response, kFromProto,
                       Run(recalls_, &RecallOperations::AcknowledgeRecall), kToProto);
}

grpc::ServerUnaryReactor* InventoryService::CloseRecall(grpc::CallbackServerContext* context,
                                                        const v1::CloseRecallRequest* request,
                                                        v1::Recall* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CloseRecall", context, request,
                       response, kFromProto, Run(recalls_, &RecallOperations::CloseRecall),
                       kToProto);
}

}  // namespace meso::inventory
