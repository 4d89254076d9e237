// The methods about looking ahead, and the shelves, which can be shown product by product.
#include "services/inventory/rpc/inventory_convert.h"
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"
#include "services/inventory/rpc/planning_convert.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

Reactor* InventoryService::ListStockLevels(Context* context,
                                           const v1::ListStockLevelsRequest* request,
                                           v1::ListStockLevelsResponse* response) {
  constexpr char kMethod[] = "meso.inventory.v1.InventoryService/ListStockLevels";
  if (request->view() == v1::ListStockLevelsRequest::VIEW_PRODUCTS) {
    return ServeRead(
        calls_, kMethod, context, request, response,
        [](const v1::ListStockLevelsRequest& in) { return FromProductsView(in); },
        Run(planning_, &PlanningOperations::ListProductLevels),
        AnswerPageAsOf(request, kToProto, &v1::ListStockLevelsResponse::add_product_levels));
  }
  return ServeRead(
      calls_, kMethod, context, request, response, kFromProto,
      Run(operations_, &InventoryOperations::ListStockLevels),
      AnswerPageAsOf(request, kToProto, &v1::ListStockLevelsResponse::add_stock_levels));
}

Reactor* InventoryService::PromiseStock(Context* context, const v1::PromiseStockRequest* request,
                                        v1::StockPromise* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/PromiseStock", context, request, response,
      AtKnownSite(sites_, kFromProto, [](const v1::PromiseStockRequest& in) { return in.site(); }),
      Run(planning_, &PlanningOperations::PromiseStock), kToProto);
}

Reactor* InventoryService::UpdateParLevel(Context* context,
                                          const v1::UpdateParLevelRequest* request,
                                          v1::ParLevel* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/UpdateParLevel", context, request, response,
      AtKnownSite(sites_, kFromProto,
                  [](const v1::UpdateParLevelRequest& in) { return in.par_level().name(); }),
      Run(planning_, &PlanningOperations::UpdateParLevel), kToProto);
}

Reactor* InventoryService::ListParLevels(Context* context, const v1::ListParLevelsRequest* request,
                                         v1::ListParLevelsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListParLevels", context, request,
                   response, kFromProto, Run(planning_, &PlanningOperations::ListParLevels),
                   AnswerPage(request, kToProto, &v1::ListParLevelsResponse::add_par_levels));
}

Reactor* InventoryService::ListReorderSuggestions(Context* context,
                                                  const v1::ListReorderSuggestionsRequest* request,
                                                  v1::ListReorderSuggestionsResponse* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/ListReorderSuggestions", context, request,
      response, kFromProto, Run(planning_, &PlanningOperations::ListReorderSuggestions),
      AnswerPageAsOf(request, kToProto, &v1::ListReorderSuggestionsResponse::add_suggestions));
}

Reactor* InventoryService::ListExpiring(Context* context, const v1::ListExpiringRequest* request,
                                        v1::ListExpiringResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListExpiring", context, request,
                   response, kFromProto, Run(planning_, &PlanningOperations::ListExpiring),
                   AnswerPageAsOf(request, kToProto, &v1::ListExpiringResponse::add_lines));
}

}  // namespace meso::inventory
