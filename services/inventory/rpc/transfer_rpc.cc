// The methods of InventoryService about transfers.
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"
#include "services/inventory/rpc/transfer_convert.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

Reactor* InventoryService::CreateTransfer(Context* context,
                                          const v1::CreateTransferRequest* request,
                                          v1::Transfer* response) {
  const auto at_sender = AtKnownSite(sites_, kFromProto, [](const v1::CreateTransferRequest& in) {
    return in.transfer().from_site();
  });
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/CreateTransfer", context, request, response,
      AtKnownSite(sites_, at_sender,
                  [](const v1::CreateTransferRequest& in) { return in.transfer().to_site(); }),
      Run(transfers_, &TransferOperations::CreateTransfer), kToProto);
}

Reactor* InventoryService::ShipTransfer(Context* context, const v1::ShipTransferRequest* request,
                                        v1::Transfer* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ShipTransfer", context, request,
                       response, kFromProto, Run(transfers_, &TransferOperations::ShipTransfer),
                       kToProto);
}

Reactor* InventoryService::ReceiveTransfer(Context* context,
                                           const v1::ReceiveTransferRequest* request,
                                           v1::Transfer* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReceiveTransfer", context,
                       request, response, kFromProto,
                       Run(transfers_, &TransferOperations::ReceiveTransfer), kToProto);
}

Reactor* InventoryService::CloseTransfer(Context* context, const v1::CloseTransferRequest* request,
                                         v1::Transfer* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CloseTransfer", context, request,
                       response, kFromProto, Run(transfers_, &TransferOperations::CloseTransfer),
                       kToProto);
}

Reactor* InventoryService::CancelTransfer(Context* context,
                                          const v1::CancelTransferRequest* request,
                                          v1::Transfer* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CancelTransfer", context,
                       request, response, kFromProto,
                       Run(transfers_, &TransferOperations::CancelTransfer), kToProto);
}

Reactor* InventoryService::GetTransfer(Context* context, const v1::GetTransferRequest* request,
                                       v1::Transfer* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetTransfer", context, request,
                   response, kFromProto, Run(transfers_, &TransferOperations::GetTransfer),
                   kToProto);
}

Reactor* InventoryService::ListTransfers(Context* context, const v1::ListTransfersRequest* request,
                                         v1::ListTransfersResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListTransfers", context, request,
                   response, kFromProto, Run(transfers_, &TransferOperations::ListTransfers),
                   AnswerPage(request, kToProto, &v1::ListTransfersResponse::add_transfers));
}

}  // namespace meso::inventory
