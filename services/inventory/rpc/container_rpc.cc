// The methods about opened containers.
#include "services/inventory/rpc/container_convert.h"
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

Reactor* InventoryService::OpenContainer(Context* context, const v1::OpenContainerRequest* request,
                                         v1::OpenedContainer* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/OpenContainer", context, request, response,
      AtKnownSite(sites_, kFromProto, [](const v1::OpenContainerRequest& in) { return in.site(); }),
      Run(containers_, &ContainerOperations::OpenContainer), kToProto);
}

Reactor* InventoryService::GetOpenedContainer(Context* context,
                                              const v1::GetOpenedContainerRequest* request,
                                              v1::OpenedContainer* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetOpenedContainer", context,
                   request, response, kFromProto,
                   Run(containers_, &ContainerOperations::GetOpenedContainer), kToProto);
}

Reactor* InventoryService::ListOpenedContainers(Context* context,
                                                const v1::ListOpenedContainersRequest* request,
                                                v1::ListOpenedContainersResponse* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/ListOpenedContainers", context, request, response,
      kFromProto, Run(containers_, &ContainerOperations::ListOpenedContainers),
      AnswerPage(request, kToProto, &v1::ListOpenedContainersResponse::add_opened_containers));
}

Reactor* InventoryService::DiscardContainer(Context* context,
                                            const v1::DiscardContainerRequest* request,
                                            v1::OpenedContainer* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/DiscardContainer", context,
                       request, response, kFromProto,
                       Run(containers_, &ContainerOperations::DiscardContainer), kToProto);
}

}  // namespace meso::inventory
