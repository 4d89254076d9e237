// The methods about stock moved by hand: thrown away, put back, handed out, sent back, destroyed,
// found or lost, inspected.
#include "common/base/status_macros.h"
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/method_parts.h"
#include "services/inventory/rpc/stock_convert.h"

namespace meso::inventory {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

constexpr auto kFromProto = [](const auto& request) { return FromProto(request); };
constexpr auto kToProto = [](const auto& out, auto* response) { ToProto(out, response); };
constexpr auto kSite = [](const auto& request) { return request.site(); };
constexpr auto kAppointment = [](const auto& request) { return request.appointment(); };

}  // namespace

Reactor* InventoryService::WasteStock(Context* context, const v1::WasteStockRequest* request,
                                      v1::Movement* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/WasteStock", context, request,
                       response, AtKnownSite(sites_, kFromProto, kSite),
                       Run(corrections_, &CorrectionOperations::WasteStock), kToProto);
}

Reactor* InventoryService::ReturnDrawnStock(Context* context,
                                            const v1::ReturnDrawnStockRequest* request,
                                            v1::DrawStockResponse* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReturnDrawnStock", context,
                       request, response, AtKnownSite(sites_, kFromProto, kAppointment),
                       Run(corrections_, &CorrectionOperations::ReturnDrawnStock), kToProto);
}

Reactor* InventoryService::DispenseHomeCare(Context* context,
                                            const v1::DispenseHomeCareRequest* request,
                                            v1::Dispensing* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/DispenseHomeCare", context,
                       request, response, AtKnownSite(sites_, kFromProto, kSite),
                       Run(dispensings_, &DispensingOperations::DispenseHomeCare), kToProto,
                       [this](Transaction& tx, v1::Dispensing* response) -> absl::Status {
                         // Kept replies hold no patient: the dispensing does.
                         MESO_ASSIGN_OR_RETURN(
                             const PatientName patient,
                             dispensings_.LoadPatientOf(tx, DispensingName(response->name())));
                         response->set_patient(patient.value());
                         return absl::OkStatus();
                       });
}

Reactor* InventoryService::ReturnToSupplier(Context* context,
                                            const v1::ReturnToSupplierRequest* request,
                                            v1::Movement* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/ReturnToSupplier", context,
                       request, response, AtKnownSite(sites_, kFromProto, kSite),
                       Run(corrections_, &CorrectionOperations::ReturnToSupplier), kToProto);
}

Reactor* InventoryService::DisposeLot(Context* context, const v1::DisposeLotRequest* request,
                                      v1::DisposeLotResponse* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/DisposeLot", context, request,
                       response, AtKnownSite(sites_, kFromProto, kSite),
                       Run(inspections_, &InspectionOperations::DisposeLot), kToProto);
}

Reactor* InventoryService::AdjustStock(Context* context, const v1::AdjustStockRequest* request,
                                       v1::Movement* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/AdjustStock", context, request,
                       response, AtKnownSite(sites_, kFromProto, kSite),
                       Run(corrections_, &CorrectionOperations::AdjustStock), kToProto);
}

Reactor* InventoryService::InspectLot(Context* context, const v1::InspectLotRequest* request,
                                      v1::Lot* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/InspectLot", context, request,
                       response, kFromProto, Run(inspections_, &InspectionOperations::InspectLot),
                       kToProto);
}

Reactor* InventoryService::DeleteProduct(Context* context, const v1::DeleteProductRequest* request,
                                         v1::Product* response) {
  return ServeMutation(calls_, "meso.inventory.v1.InventoryService/DeleteProduct", context, request,
                       response, kFromProto, Run(operations_, &InventoryOperations::DeleteProduct),
                       kToProto);
}

}  // namespace meso::inventory
