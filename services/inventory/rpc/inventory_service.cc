#include "services/inventory/rpc/inventory_service.h"

#include <type_traits>
#include <utility>

#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/rpc/inventory_convert.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// The three plain functions of a method, where nothing special is needed.
template <typename Request>
auto Convert() {
  return [](const Request& request) { return FromProto(request); };
}

// The same, after the site was looked for: operations can't wait for scheduling's events.
template <typename Request, typename SiteOfRequest>
auto ConvertAt(KnownSites& sites, SiteOfRequest site_of) {
  return [&sites, site_of](const Request& request)
             -> std::invoke_result_t<decltype(Convert<Request>()), const Request&> {
    auto input = FromProto(request);
    if (!input.ok()) return input;
    MESO_RETURN_IF_ERROR(sites.Ensure(SiteName(SiteOf(site_of(request)))));
    return input;
  };
}

template <typename In, typename Out>
auto Run(const InventoryOperations& operations,
         absl::StatusOr<Out> (InventoryOperations::*operation)(Transaction&, const CallContext&,
                                                               const In&) const) {
  return [&operations, operation](Transaction& tx, const CallContext& call, const In& in) {
    return (operations.*operation)(tx, call, in);
  };
}

template <typename Out, typename Response>
auto Answer() {
  return [](const Out& out, Response* response) { ToProto(out, response); };
}

// Fills a list's items through `add` and its next page token.
template <typename Item, typename Request, typename Response, typename Added>
auto AnswerPage(const Request* request, Added* (Response::*add)()) {
  return [request, add](const Page<Item>& page, Response* response) {
    for (const Item& item : page.items) ToProto(item, (response->*add)());
    if (!page.next.empty()) response->set_next_page_token(MakePageToken(*request, page.next));
  };
}

// The same for lists that say which state they were read in.
template <typename Item, typename Request, typename Response, typename Added>
auto AnswerPageAsOf(const Request* request, Added* (Response::*add)()) {
  return [request, add](const Page<Item>& page, Response* response) {
    AnswerPage<Item>(request, add)(page, response);
    ToProto(page.as_of, response->mutable_as_of());
  };
}

}  // namespace

Reactor* InventoryService::GetProduct(Context* context, const v1::GetProductRequest* request,
                                      v1::Product* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetProduct", context, request,
                   response, Convert<v1::GetProductRequest>(),
                   Run(operations_, &InventoryOperations::GetProduct),
                   Answer<Product, v1::Product>());
}

Reactor* InventoryService::ListProducts(Context* context, const v1::ListProductsRequest* request,
                                        v1::ListProductsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListProducts", context, request,
                   response, Convert<v1::ListProductsRequest>(),
                   Run(operations_, &InventoryOperations::ListProducts),
                   AnswerPage<Product>(request, &v1::ListProductsResponse::add_products));
}

Reactor* InventoryService::UpdateProduct(Context* context, const v1::UpdateProductRequest* request,
                                         v1::Product* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/UpdateProduct", context, request,
                       response, Convert<v1::UpdateProductRequest>(),
                       Run(operations_, &InventoryOperations::UpdateProduct),
                       Answer<Product, v1::Product>());
}

Reactor* InventoryService::CreateCocktail(Context* context,
                                          const v1::CreateCocktailRequest* request,
                                          v1::Cocktail* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CreateCocktail", context,
                       request, response, Convert<v1::CreateCocktailRequest>(),
                       Run(operations_, &InventoryOperations::CreateCocktail),
                       Answer<Cocktail, v1::Cocktail>());
}

Reactor* InventoryService::PublishCocktail(Context* context,
                                           const v1::PublishCocktailRequest* request,
                                           v1::Cocktail* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/PublishCocktail", context, request, response,
      Convert<v1::PublishCocktailRequest>(),
      [this](Transaction& tx, const CallContext& call, const auto& in) {
        return operations_.PublishCocktail(tx, call, in.first, in.second);
      },
      Answer<Cocktail, v1::Cocktail>());
}

Reactor* InventoryService::GetCocktail(Context* context, const v1::GetCocktailRequest* request,
                                       v1::Cocktail* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetCocktail", context, request,
                   response, Convert<v1::GetCocktailRequest>(),
                   Run(operations_, &InventoryOperations::GetCocktail),
                   Answer<Cocktail, v1::Cocktail>());
}

Reactor* InventoryService::ListCocktails(Context* context, const v1::ListCocktailsRequest* request,
                                         v1::ListCocktailsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListCocktails", context, request,
                   response, Convert<v1::ListCocktailsRequest>(),
                   Run(operations_, &InventoryOperations::ListCocktails),
                   AnswerPage<Cocktail>(request, &v1::ListCocktailsResponse::add_cocktails));
}

Reactor* InventoryService::ParseScan(Context* context, const v1::ParseScanRequest* request,
                                     v1::ParsedScan* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ParseScan", context, request,
                   response, Convert<v1::ParseScanRequest>(),
                   Run(operations_, &InventoryOperations::ParseScan),
                   Answer<ScanAnswer, v1::ParsedScan>());
}

Reactor* InventoryService::ReceiveStock(Context* context, const v1::ReceiveStockRequest* request,
                                        v1::ReceiveStockResponse* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReceiveStock", context, request,
                       response,
                       ConvertAt<v1::ReceiveStockRequest>(
                           sites_, [](const v1::ReceiveStockRequest& in) { return in.site(); }),
                       Run(operations_, &InventoryOperations::ReceiveStock),
                       Answer<ReceiptAnswer, v1::ReceiveStockResponse>());
}

Reactor* InventoryService::GetLot(Context* context, const v1::GetLotRequest* request,
                                  v1::Lot* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetLot", context, request, response,
                   Convert<v1::GetLotRequest>(), Run(operations_, &InventoryOperations::GetLot),
                   Answer<Lot, v1::Lot>());
}

Reactor* InventoryService::ListLots(Context* context, const v1::ListLotsRequest* request,
                                    v1::ListLotsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListLots", context, request,
                   response, Convert<v1::ListLotsRequest>(),
                   Run(operations_, &InventoryOperations::ListLots),
                   AnswerPage<Lot>(request, &v1::ListLotsResponse::add_lots));
}

Reactor* InventoryService::ListStockLevels(Context* context,
                                           const v1::ListStockLevelsRequest* request,
                                           v1::ListStockLevelsResponse* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/ListStockLevels", context, request, response,
      Convert<v1::ListStockLevelsRequest>(),
      Run(operations_, &InventoryOperations::ListStockLevels),
      AnswerPageAsOf<StockLevel>(request, &v1::ListStockLevelsResponse::add_stock_levels));
}

Reactor* InventoryService::ListMovements(Context* context, const v1::ListMovementsRequest* request,
                                         v1::ListMovementsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListMovements", context, request,
                   response, Convert<v1::ListMovementsRequest>(),
                   Run(operations_, &InventoryOperations::ListMovements),
                   AnswerPage<Movement>(request, &v1::ListMovementsResponse::add_movements));
}

Reactor* InventoryService::ReverseMovement(Context* context,
                                           const v1::ReverseMovementRequest* request,
                                           v1::Movement* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReverseMovement", context,
                       request, response, Convert<v1::ReverseMovementRequest>(),
                       Run(operations_, &InventoryOperations::ReverseMovement),
                       Answer<Movement, v1::Movement>());
}

Reactor* InventoryService::GetStorageUnit(Context* context,
                                          const v1::GetStorageUnitRequest* request,
                                          v1::StorageUnit* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetStorageUnit", context, request,
                   response, Convert<v1::GetStorageUnitRequest>(),
                   Run(operations_, &InventoryOperations::GetStorageUnit),
                   Answer<StorageUnit, v1::StorageUnit>());
}

Reactor* InventoryService::ListStorageUnits(Context* context,
                                            const v1::ListStorageUnitsRequest* request,
                                            v1::ListStorageUnitsResponse* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/ListStorageUnits", context, request, response,
      Convert<v1::ListStorageUnitsRequest>(),
      Run(operations_, &InventoryOperations::ListStorageUnits),
      AnswerPage<StorageUnit>(request, &v1::ListStorageUnitsResponse::add_storage_units));
}

Reactor* InventoryService::UpdateStorageUnit(Context* context,
                                             const v1::UpdateStorageUnitRequest* request,
                                             v1::StorageUnit* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/UpdateStorageUnit", context, request, response,
      ConvertAt<v1::UpdateStorageUnitRequest>(
          sites_, [](const v1::UpdateStorageUnitRequest& in) { return in.storage_unit().name(); }),
      Run(operations_, &InventoryOperations::UpdateStorageUnit),
      Answer<StorageUnit, v1::StorageUnit>());
}

Reactor* InventoryService::ReserveStock(Context* context, const v1::ReserveStockRequest* request,
                                        v1::Reservation* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReserveStock", context, request,
                       response,
                       ConvertAt<v1::ReserveStockRequest>(
                           sites_, [](const v1::ReserveStockRequest& in) { return in.site(); }),
                       Run(operations_, &InventoryOperations::ReserveStock),
                       Answer<AsOf<Reservation>, v1::Reservation>());
}

Reactor* InventoryService::ReleaseReservation(Context* context,
                                              const v1::ReleaseReservationRequest* request,
                                              v1::Reservation* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReleaseReservation", context,
                       request, response, Convert<v1::ReleaseReservationRequest>(),
                       Run(operations_, &InventoryOperations::ReleaseReservation),
                       Answer<AsOf<Reservation>, v1::Reservation>());
}

Reactor* InventoryService::GetReservation(Context* context,
                                          const v1::GetReservationRequest* request,
                                          v1::Reservation* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetReservation", context, request,
                   response, Convert<v1::GetReservationRequest>(),
                   Run(operations_, &InventoryOperations::GetReservation),
                   Answer<AsOf<Reservation>, v1::Reservation>());
}

Reactor* InventoryService::ListReservations(Context* context,
                                            const v1::ListReservationsRequest* request,
                                            v1::ListReservationsResponse* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/ListReservations", context, request, response,
      Convert<v1::ListReservationsRequest>(),
      Run(operations_, &InventoryOperations::ListReservations),
      AnswerPageAsOf<Reservation>(request, &v1::ListReservationsResponse::add_reservations));
}

Reactor* InventoryService::DrawStock(Context* context, const v1::DrawStockRequest* request,
                                     v1::DrawStockResponse* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/DrawStock", context, request,
                       response,
                       ConvertAt<v1::DrawStockRequest>(
                           sites_, [](const v1::DrawStockRequest& in) { return in.appointment(); }),
                       Run(operations_, &InventoryOperations::DrawStock),
                       Answer<DrawAnswer, v1::DrawStockResponse>());
}

Reactor* InventoryService::RecordAdministration(Context* context,
                                                const v1::RecordAdministrationRequest* request,
                                                v1::Administration* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/RecordAdministration", context, request, response,
      ConvertAt<v1::RecordAdministrationRequest>(sites_,
                                                 [](const v1::RecordAdministrationRequest& in) {
                                                   return in.administration().appointment();
                                                 }),
      Run(operations_, &InventoryOperations::RecordAdministration),
      Answer<Administration, v1::Administration>(),
      [this](Transaction& tx, v1::Administration* response) -> absl::Status {
        // Kept replies hold no patient: the record does.
        MESO_ASSIGN_OR_RETURN(const PatientName patient,
                              operations_.LoadPatientOf(tx, AdministrationName(response->name())));
        response->set_patient(patient.value());
        return absl::OkStatus();
      });
}

Reactor* InventoryService::GetAdministration(Context* context,
                                             const v1::GetAdministrationRequest* request,
                                             v1::Administration* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetAdministration", context, request,
                   response, Convert<v1::GetAdministrationRequest>(),
                   Run(operations_, &InventoryOperations::GetAdministration),
                   Answer<Administration, v1::Administration>());
}

Reactor* InventoryService::ListAdministrations(Context* context,
                                               const v1::ListAdministrationsRequest* request,
                                               v1::ListAdministrationsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListAdministrations", context,
                   request, response, Convert<v1::ListAdministrationsRequest>(),
                   Run(operations_, &InventoryOperations::ListAdministrations),
                   AnswerPageAsOf<Administration>(
                       request, &v1::ListAdministrationsResponse::add_administrations));
}

Reactor* InventoryService::QuarantineLot(Context* context, const v1::QuarantineLotRequest* request,
                                         v1::Lot* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/QuarantineLot", context, request,
                       response, Convert<v1::QuarantineLotRequest>(),
                       Run(operations_, &InventoryOperations::QuarantineLot),
                       Answer<Lot, v1::Lot>());
}

Reactor* InventoryService::ReleaseLot(Context* context, const v1::ReleaseLotRequest* request,
                                      v1::Lot* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReleaseLot", context, request,
                       response, Convert<v1::ReleaseLotRequest>(),
                       Run(operations_, &InventoryOperations::ReleaseLot), Answer<Lot, v1::Lot>());
}

Reactor* InventoryService::CreateRecall(Context* context, const v1::CreateRecallRequest* request,
                                        v1::Recall* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CreateRecall", context, request,
                       response, Convert<v1::CreateRecallRequest>(),
                       Run(operations_, &InventoryOperations::CreateRecall),
                       Answer<Recall, v1::Recall>());
}

Reactor* InventoryService::GetRecall(Context* context, const v1::GetRecallRequest* request,
                                     v1::Recall* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetRecall", context, request,
                   response, Convert<v1::GetRecallRequest>(),
                   Run(operations_, &InventoryOperations::GetRecall), Answer<Recall, v1::Recall>());
}

Reactor* InventoryService::ListRecalls(Context* context, const v1::ListRecallsRequest* request,
                                       v1::ListRecallsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListRecalls", context, request,
                   response, Convert<v1::ListRecallsRequest>(),
                   Run(operations_, &InventoryOperations::ListRecalls),
                   AnswerPage<Recall>(request, &v1::ListRecallsResponse::add_recalls));
}

Reactor* InventoryService::TraceLot(Context* context, const v1::TraceLotRequest* request,
                                    v1::LotTrace* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/TraceLot", context, request,
                   response, Convert<v1::TraceLotRequest>(),
                   Run(operations_, &InventoryOperations::TraceLot),
                   Answer<LotTrace, v1::LotTrace>());
}

Reactor* InventoryService::TracePatient(Context* context, const v1::TracePatientRequest* request,
                                        v1::PatientTrace* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/TracePatient", context, request,
                   response, Convert<v1::TracePatientRequest>(),
                   Run(operations_, &InventoryOperations::TracePatient),
                   Answer<PatientTrace, v1::PatientTrace>());
}

Reactor* InventoryService::CheckLedger(Context* context, const v1::CheckLedgerRequest* request,
                                       v1::LedgerReport* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/CheckLedger", context, request,
                   response, Convert<v1::CheckLedgerRequest>(),
                   Run(operations_, &InventoryOperations::CheckLedger),
                   Answer<LedgerReport, v1::LedgerReport>());
}

Reactor* InventoryService::CheckEmergencyKit(Context* context,
                                             const v1::CheckEmergencyKitRequest* request,
                                             v1::EmergencyKit* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/CheckEmergencyKit", context, request,
                   response,
                   ConvertAt<v1::CheckEmergencyKitRequest>(
                       sites_, [](const v1::CheckEmergencyKitRequest& in) { return in.site(); }),
                   Run(operations_, &InventoryOperations::CheckEmergencyKit),
                   Answer<EmergencyKit, v1::EmergencyKit>());
}

}  // namespace meso::inventory
