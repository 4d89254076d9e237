// Scans and labels.
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"
#include "services/inventory/rpc/scan_convert.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

Reactor* InventoryService::ParseScan(Context* context, const v1::ParseScanRequest* request,
                                     v1::ParsedScan* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ParseScan", context, request,
                   response, kFromProto, Run(scans_, &ScanOperations::ParseScan), kToProto);
}

Reactor* InventoryService::RenderLotLabel(Context* context,
                                          const v1::RenderLotLabelRequest* request,
                                          v1::LotLabel* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/RenderLotLabel", context, request,
                   response, kFromProto, Run(scans_, &ScanOperations::RenderLotLabel), kToProto);
}

}  // namespace meso::inventory
