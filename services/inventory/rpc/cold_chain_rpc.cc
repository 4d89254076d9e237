// The methods of InventoryService about the cold chain.
#include "services/inventory/rpc/cold_chain_convert.h"
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"
#include "services/inventory/rpc/temperature_stream.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

grpc::ServerReadReactor<v1::RecordTemperaturesRequest>* InventoryService::RecordTemperatures(
    Context* context, v1::RecordTemperaturesResponse* response) {
  return new TemperatureStream(calls_, cold_chain_, sites_, *context, *response);
}

Reactor* InventoryService::GetExcursion(Context* context, const v1::GetExcursionRequest* request,
                                        v1::Excursion* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetExcursion", context, request,
                   response, kFromProto, Run(cold_chain_, &ColdChainOperations::GetExcursion),
                   kToProto);
}

Reactor* InventoryService::ListExcursions(Context* context,
                                          const v1::ListExcursionsRequest* request,
                                          v1::ListExcursionsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListExcursions", context, request,
                   response, kFromProto, Run(cold_chain_, &ColdChainOperations::ListExcursions),
                   AnswerPage(request, kToProto, &v1::ListExcursionsResponse::add_excursions));
}

Reactor* InventoryService::ResolveExcursion(Context* context,
                                            const v1::ResolveExcursionRequest* request,
                                            v1::Excursion* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ResolveExcursion", context,
                       request, response, kFromProto,
                       Run(cold_chain_, &ColdChainOperations::ResolveExcursion), kToProto);
}

Reactor* InventoryService::ListSensors(Context* context, const v1::ListSensorsRequest* request,
                                       v1::ListSensorsResponse* response) {
  const auto to_proto = [this](const Sensor& sensor, v1::Sensor* out) {
    ToProto(sensor, cold_chain_.clock().Now(), out);
  };
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListSensors", context, request,
                   response, kFromProto, Run(cold_chain_, &ColdChainOperations::ListSensors),
                   AnswerPage(request, to_proto, &v1::ListSensorsResponse::add_sensors));
}

}  // namespace meso::inventory
