#include "services/inventory/rpc/inventory_service.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/rpc/inventory_convert.h"
#include "services/inventory/rpc/method_parts.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };

}  // namespace

Reactor* InventoryService::GetProduct(Context* context, const v1::GetProductRequest* request,
                                      v1::Product* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetProduct", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::GetProduct),
                   kToProto);
}

Reactor* InventoryService::ListProducts(Context* context, const v1::ListProductsRequest* request,
                                        v1::ListProductsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListProducts", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::ListProducts),
                   AnswerPage(request, kToProto, &v1::ListProductsResponse::add_products));
}

Reactor* InventoryService::UpdateProduct(Context* context, const v1::UpdateProductRequest* request,
                                         v1::Product* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/UpdateProduct", context, request,
                       response, kFromProto, Run(operations_, &InventoryOperations::UpdateProduct),
                       kToProto);
}

Reactor* InventoryService::CreateCocktail(Context* context,
                                          const v1::CreateCocktailRequest* request,
                                          v1::Cocktail* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CreateCocktail", context,
                       request, response, kFromProto,
                       Run(operations_, &InventoryOperations::CreateCocktail), kToProto);
}

Reactor* InventoryService::PublishCocktail(Context* context,
                                           const v1::PublishCocktailRequest* request,
                                           v1::Cocktail* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/PublishCocktail", context, request, response,
      kFromProto,
      [this](Transaction& tx, const CallContext& call, const auto& in) {
        return operations_.PublishCocktail(tx, call, in.first, in.second);
      },
      kToProto);
}

Reactor* InventoryService::GetCocktail(Context* context, const v1::GetCocktailRequest* request,
                                       v1::Cocktail* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetCocktail", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::GetCocktail),
                   kToProto);
}

Reactor* InventoryService::ListCocktails(Context* context, const v1::ListCocktailsRequest* request,
                                         v1::ListCocktailsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListCocktails", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::ListCocktails),
                   AnswerPage(request, kToProto, &v1::ListCocktailsResponse::add_cocktails));
}

Reactor* InventoryService::ReceiveStock(Context* context, const v1::ReceiveStockRequest* request,
                                        v1::ReceiveStockResponse* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/ReceiveStock", context, request, response,
      AtKnownSite(sites_, kFromProto, [](const v1::ReceiveStockRequest& in) { return in.site(); }),
      Run(operations_, &InventoryOperations::ReceiveStock), kToProto);
}

Reactor* InventoryService::GetLot(Context* context, const v1::GetLotRequest* request,
                                  v1::Lot* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetLot", context, request, response,
                   kFromProto, Run(operations_, &InventoryOperations::GetLot), kToProto);
}

Reactor* InventoryService::ListLots(Context* context, const v1::ListLotsRequest* request,
                                    v1::ListLotsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListLots", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::ListLots),
                   AnswerPage(request, kToProto, &v1::ListLotsResponse::add_lots));
}

Reactor* InventoryService::ListMovements(Context* context, const v1::ListMovementsRequest* request,
                                         v1::ListMovementsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListMovements", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::ListMovements),
                   AnswerPage(request, kToProto, &v1::ListMovementsResponse::add_movements));
}

Reactor* InventoryService::ReverseMovement(Context* context,
                                           const v1::ReverseMovementRequest* request,
                                           v1::Movement* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReverseMovement", context,
                       request, response, kFromProto,
                       Run(operations_, &InventoryOperations::ReverseMovement), kToProto);
}

Reactor* InventoryService::GetStorageUnit(Context* context,
                                          const v1::GetStorageUnitRequest* request,
                                          v1::StorageUnit* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetStorageUnit", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::GetStorageUnit),
                   kToProto);
}

Reactor* InventoryService::ListStorageUnits(Context* context,
                                            const v1::ListStorageUnitsRequest* request,
                                            v1::ListStorageUnitsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListStorageUnits", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::ListStorageUnits),
                   AnswerPage(request, kToProto, &v1::ListStorageUnitsResponse::add_storage_units));
}

Reactor* InventoryService::UpdateStorageUnit(Context* context,
                                             const v1::UpdateStorageUnitRequest* request,
                                             v1::StorageUnit* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/UpdateStorageUnit", context, request, response,
      AtKnownSite(sites_, kFromProto,
                  [](const v1::UpdateStorageUnitRequest& in) { return in.storage_unit().name(); }),
      Run(operations_, &InventoryOperations::UpdateStorageUnit), kToProto);
}

Reactor* InventoryService::ReserveStock(Context* context, const v1::ReserveStockRequest* request,
                                        v1::Reservation* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/ReserveStock", context, request, response,
      AtKnownSite(sites_, kFromProto, [](const v1::ReserveStockRequest& in) { return in.site(); }),
      Run(operations_, &InventoryOperations::ReserveStock), kToProto);
}

Reactor* InventoryService::ReleaseReservation(Context* context,
                                              const v1::ReleaseReservationRequest* request,
                                              v1::Reservation* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReleaseReservation", context,
                       request, response, kFromProto,
                       Run(operations_, &InventoryOperations::ReleaseReservation), kToProto);
}

Reactor* InventoryService::GetReservation(Context* context,
                                          const v1::GetReservationRequest* request,
                                          v1::Reservation* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetReservation", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::GetReservation),
                   kToProto);
}

Reactor* InventoryService::ListReservations(Context* context,
                                            const v1::ListReservationsRequest* request,
                                            v1::ListReservationsResponse* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/ListReservations", context, request, response,
      kFromProto, Run(operations_, &InventoryOperations::ListReservations),
      AnswerPageAsOf(request, kToProto, &v1::ListReservationsResponse::add_reservations));
}

Reactor* InventoryService::DrawStock(Context* context, const v1::DrawStockRequest* request,
                                     v1::DrawStockResponse* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/DrawStock", context, request,
                       response,
                       AtKnownSite(sites_, kFromProto,
                                   [](const v1::DrawStockRequest& in) { return in.appointment(); }),
                       Run(operations_, &InventoryOperations::DrawStock), kToProto);
}

Reactor* InventoryService::RecordAdministration(Context* context,
                                                const v1::RecordAdministrationRequest* request,
                                                v1::Administration* response) {
  return ServeMutation(
      calls_, "meso.inventory.v1.InventoryService/RecordAdministration", context, request, response,
      AtKnownSite(sites_, kFromProto,
                  [](const v1::RecordAdministrationRequest& in) {
                    return in.administration().appointment();
                  }),
      Run(operations_, &InventoryOperations::RecordAdministration), kToProto,
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
                   response, kFromProto, Run(operations_, &InventoryOperations::GetAdministration),
                   kToProto);
}

Reactor* InventoryService::ListAdministrations(Context* context,
                                               const v1::ListAdministrationsRequest* request,
                                               v1::ListAdministrationsResponse* response) {
  return ServeRead(
      calls_, "meso.inventory.v1.InventoryService/ListAdministrations", context, request, response,
      kFromProto, Run(operations_, &InventoryOperations::ListAdministrations),
      AnswerPageAsOf(request, kToProto, &v1::ListAdministrationsResponse::add_administrations));
}

Reactor* InventoryService::QuarantineLot(Context* context, const v1::QuarantineLotRequest* request,
                                         v1::Lot* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/QuarantineLot", context, request,
                       response, kFromProto, Run(operations_, &InventoryOperations::QuarantineLot),
                       kToProto);
}

Reactor* InventoryService::ReleaseLot(Context* context, const v1::ReleaseLotRequest* request,
                                      v1::Lot* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReleaseLot", context, request,
                       response, kFromProto, Run(operations_, &InventoryOperations::ReleaseLot),
                       kToProto);
}

Reactor* InventoryService::CreateRecall(Context* context, const v1::CreateRecallRequest* request,
                                        v1::Recall* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/CreateRecall", context, request,
                       response, kFromProto, Run(operations_, &InventoryOperations::CreateRecall),
                       kToProto);
}

Reactor* InventoryService::GetRecall(Context* context, const v1::GetRecallRequest* request,
                                     v1::Recall* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/GetRecall", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::GetRecall),
                   kToProto);
}

Reactor* InventoryService::ListRecalls(Context* context, const v1::ListRecallsRequest* request,
                                       v1::ListRecallsResponse* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/ListRecalls", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::ListRecalls),
                   AnswerPage(request, kToProto, &v1::ListRecallsResponse::add_recalls));
}

Reactor* InventoryService::TraceLot(Context* context, const v1::TraceLotRequest* request,
                                    v1::LotTrace* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/TraceLot", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::TraceLot),
                   kToProto);
}

Reactor* InventoryService::TracePatient(Context* context, const v1::TracePatientRequest* request,
                                        v1::PatientTrace* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/TracePatient", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::TracePatient),
                   kToProto);
}

Reactor* InventoryService::CheckLedger(Context* context, const v1::CheckLedgerRequest* request,
                                       v1::LedgerReport* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/CheckLedger", context, request,
                   response, kFromProto, Run(operations_, &InventoryOperations::CheckLedger),
                   kToProto);
}

Reactor* InventoryService::CheckEmergencyKit(Context* context,
                                             const v1::CheckEmergencyKitRequest* request,
                                             v1::EmergencyKit* response) {
  return ServeRead(calls_, "meso.inventory.v1.InventoryService/CheckEmergencyKit", context, request,
                   response,
                   AtKnownSite(sites_, kFromProto,
                               [](const v1::CheckEmergencyKitRequest& in) { return in.site(); }),
                   Run(operations_, &InventoryOperations::CheckEmergencyKit), kToProto);
}

}  // namespace meso::inventory
