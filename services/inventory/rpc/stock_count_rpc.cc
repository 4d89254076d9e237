// The methods of InventoryService about stock counts.
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"
#include "services/inventory/rpc/stock_count_convert.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

Reactor* InventoryService::CreateStockCount(Context* context,
                                            const v1::CreateStockCountRequest* request,
                                            v1::StockCount* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/CreateStockCount", context, request, response,
      AtKnownSite(sites_, kFromProto,
                  [](const v1::CreateStockCountRequest& in) { return in.parent(); }),
      Run(counts_, &StockCountOperations::CreateStockCount), kToProto);
}

Reactor* InventoryService::RecordStockCount(Context* context,
                                            const v1::RecordStockCountRequest* request,
                                            v1::StockCount* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/RecordStockCount", context,
                       request, response, kFromProto,
                       Run(counts_, &StockCountOperations::RecordStockCount), kToProto);
}

Reactor* InventoryService::PostStockCount(Context* context,
                                          const v1::PostStockCountRequest* request,
                                          v1::StockCount* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/PostStockCount", context,
                       request, response, kFromProto,
                       Run(counts_, &StockCountOperations::PostStockCount), kToProto);
}

Reactor* InventoryService::CancelStockCount(Context* context,
                                            const v1::CancelStockCountRequest* request,
                                            v1::StockCount* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CancelStockCount", context,
                       request, response, kFromProto,
                       Run(counts_, &StockCountOperations::CancelStockCount), kToProto);
}

Reactor* InventoryService::GetStockCount(Context* context, const v1::GetStockCountRequest* request,
                                         v1::StockCount* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetStockCount", context, request,
                   response, kFromProto, Run(counts_, &StockCountOperations::GetStockCount),
                   kToProto);
}

Reactor* InventoryService::ListStockCounts(Context* context,
                                           const v1::ListStockCountsRequest* request,
                                           v1::ListStockCountsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListStockCounts", context, request,
                   response, kFromProto, Run(counts_, &StockCountOperations::ListStockCounts),
                   AnswerPage(request, kToProto, &v1::ListStockCountsResponse::add_stock_counts));
}

}  // namespace meso::inventory
