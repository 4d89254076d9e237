// The gRPC face of inventory: one short method per RPC - convert in, operation, convert out.
//
// Everything around a call (who, may they, deadline, replies, audit) is CallServer's. Thread-safe;
// holds no state of its own.
#ifndef MESO_SERVICES_INVENTORY_RPC_INVENTORY_SERVICE_H_
#define MESO_SERVICES_INVENTORY_RPC_INVENTORY_SERVICE_H_

#include <atomic>

#include "common/rpc/serve_call.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"
#include "services/inventory/cold_chain_operations.h"
#include "services/inventory/container_operations.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/inspection_operations.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/known_sites.h"
#include "services/inventory/planning_operations.h"
#include "services/inventory/recall_operations.h"
#include "services/inventory/scan_operations.h"
#include "services/inventory/stock_count_operations.h"
#include "services/inventory/transfer_operations.h"

namespace meso::inventory {

class InventoryService final : public v1::InventoryService::CallbackService {
 public:
  // All outlive the service.
  InventoryService(CallServer& calls, const InventoryOperations& operations, KnownSites& sites)
      : calls_(calls), operations_(operations), sites_(sites) {}

#define MESO_RPC(Method, Request, Response)                              \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context, \
                                   const v1::Request* request, v1::Response* response) override
  MESO_RPC(GetProduct, GetProductRequest, Product);
  MESO_RPC(ListProducts, ListProductsRequest, ListProductsResponse);
  MESO_RPC(UpdateProduct, UpdateProductRequest, Product);
  MESO_RPC(CreateCocktail, CreateCocktailRequest, Cocktail);
  MESO_RPC(PublishCocktail, PublishCocktailRequest, Cocktail);
  MESO_RPC(GetCocktail, GetCocktailRequest, Cocktail);
  MESO_RPC(ListCocktails, ListCocktailsRequest, ListCocktailsResponse);
  MESO_RPC(ReceiveStock, ReceiveStockRequest, ReceiveStockResponse);
  MESO_RPC(GetLot, GetLotRequest, Lot);
  MESO_RPC(ListLots, ListLotsRequest, ListLotsResponse);
  MESO_RPC(ListStockLevels, ListStockLevelsRequest, ListStockLevelsResponse);
  MESO_RPC(ListMovements, ListMovementsRequest, ListMovementsResponse);
  MESO_RPC(ReverseMovement, ReverseMovementRequest, Movement);
  MESO_RPC(GetStorageUnit, GetStorageUnitRequest, StorageUnit);
  MESO_RPC(ListStorageUnits, ListStorageUnitsRequest, ListStorageUnitsResponse);
  MESO_RPC(UpdateStorageUnit, UpdateStorageUnitRequest, StorageUnit);
  MESO_RPC(ReserveStock, ReserveStockRequest, Reservation);
  MESO_RPC(ReleaseReservation, ReleaseReservationRequest, Reservation);
  MESO_RPC(GetReservation, GetReservationRequest, Reservation);
  MESO_RPC(ListReservations, ListReservationsRequest, ListReservationsResponse);
  MESO_RPC(DrawStock, DrawStockRequest, DrawStockResponse);
  MESO_RPC(RecordAdministration, RecordAdministrationRequest, Administration);
  MESO_RPC(GetAdministration, GetAdministrationRequest, Administration);
  MESO_RPC(ListAdministrations, ListAdministrationsRequest, ListAdministrationsResponse);
  MESO_RPC(QuarantineLot, QuarantineLotRequest, Lot);
  MESO_RPC(ReleaseLot, ReleaseLotRequest, Lot);
  MESO_RPC(CreateRecall, CreateRecallRequest, Recall);
  MESO_RPC(GetRecall, GetRecallRequest, Recall);
  MESO_RPC(ListRecalls, ListRecallsRequest, ListRecallsResponse);
  MESO_RPC(TraceLot, TraceLotRequest, LotTrace);
  MESO_RPC(TracePatient, TracePatientRequest, PatientTrace);
  MESO_RPC(CheckLedger, CheckLedgerRequest, LedgerReport);
  MESO_RPC(CheckEmergencyKit, CheckEmergencyKitRequest, EmergencyKit);
  // Formulary and labels: label_rpc.cc.

  // Scans and labels: scan_rpc.cc.
  MESO_RPC(ParseScan, ParseScanRequest, ParsedScan);
  MESO_RPC(RenderLotLabel, RenderLotLabelRequest, LotLabel);

  // Stock by hand: stock_rpc.cc.
  MESO_RPC(WasteStock, WasteStockRequest, Movement);
  MESO_RPC(ReturnDrawnStock, ReturnDrawnStockRequest, DrawStockResponse);
  MESO_RPC(DispenseHomeCare, DispenseHomeCareRequest, Dispensing);
  MESO_RPC(ReturnToSupplier, ReturnToSupplierRequest, Movement);
  MESO_RPC(DisposeLot, DisposeLotRequest, DisposeLotResponse);
  MESO_RPC(AdjustStock, AdjustStockRequest, Movement);
  MESO_RPC(InspectLot, InspectLotRequest, Lot);
  MESO_RPC(DeleteProduct, DeleteProductRequest, Product);

  // Opened containers: container_rpc.cc.
  MESO_RPC(OpenContainer, OpenContainerRequest, OpenedContainer);
  MESO_RPC(GetOpenedContainer, GetOpenedContainerRequest, OpenedContainer);
  MESO_RPC(ListOpenedContainers, ListOpenedContainersRequest, ListOpenedContainersResponse);
  MESO_RPC(DiscardContainer, DiscardContainerRequest, OpenedContainer);

  // Transfers: transfer_rpc.cc.
  MESO_RPC(CreateTransfer, CreateTransferRequest, Transfer);
  MESO_RPC(ShipTransfer, ShipTransferRequest, Transfer);
  MESO_RPC(ReceiveTransfer, ReceiveTransferRequest, Transfer);
  MESO_RPC(CloseTransfer, CloseTransferRequest, Transfer);
  MESO_RPC(CancelTransfer, CancelTransferRequest, Transfer);
  MESO_RPC(GetTransfer, GetTransferRequest, Transfer);
  MESO_RPC(ListTransfers, ListTransfersRequest, ListTransfersResponse);

  // Counts: stock_count_rpc.cc.
  MESO_RPC(CreateStockCount, CreateStockCountRequest, StockCount);
  MESO_RPC(RecordStockCount, RecordStockCountRequest, StockCount);
  MESO_RPC(PostStockCount, PostStockCountRequest, StockCount);
  MESO_RPC(CancelStockCount, CancelStockCountRequest, StockCount);
  MESO_RPC(GetStockCount, GetStockCountRequest, StockCount);
  MESO_RPC(ListStockCounts, ListStockCountsRequest, ListStockCountsResponse);

  // Planning: planning_rpc.cc.
  MESO_RPC(PromiseStock, PromiseStockRequest, StockPromise);
  MESO_RPC(UpdateParLevel, UpdateParLevelRequest, ParLevel);
  MESO_RPC(ListParLevels, ListParLevelsRequest, ListParLevelsResponse);
  MESO_RPC(ListReorderSuggestions, ListReorderSuggestionsRequest, ListReorderSuggestionsResponse);
  MESO_RPC(ListExpiring, ListExpiringRequest, ListExpiringResponse);

  // Cold chain: cold_chain_rpc.cc.
  grpc::ServerReadReactor<v1::RecordTemperaturesRequest>* RecordTemperatures(
      grpc::CallbackServerContext* context, v1::RecordTemperaturesResponse* response) override;
  MESO_RPC(GetExcursion, GetExcursionRequest, Excursion);
  MESO_RPC(ListExcursions, ListExcursionsRequest, ListExcursionsResponse);
  MESO_RPC(ResolveExcursion, ResolveExcursionRequest, Excursion);
  MESO_RPC(ListSensors, ListSensorsRequest, ListSensorsResponse);

  // The recall as a case: recall_rpc.cc.
  MESO_RPC(AcknowledgeRecall, AcknowledgeRecallRequest, Recall);
  MESO_RPC(CloseRecall, CloseRecallRequest, Recall);

  // CSV: exchange_rpc.cc.
  grpc::ServerBidiReactor<v1::ImportStockRequest, v1::ImportStockResponse>* ImportStock(
      grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<v1::ExportStockResponse>* ExportStock(
      grpc::CallbackServerContext* context, const v1::ExportStockRequest* request) override;

#undef MESO_RPC

 private:
  CallServer& calls_;
  const InventoryOperations& operations_;
  KnownSites& sites_;
  // The operations of single subjects, made from operations_.use_case().
  // Scans and labels.
  const ScanOperations scans_{operations_.use_case()};

  // Stock by hand.
  const CorrectionOperations corrections_{operations_.use_case()};
  const DispensingOperations dispensings_{operations_.use_case()};
  const InspectionOperations inspections_{operations_.use_case()};

  // Opened containers.
  const ContainerOperations containers_{operations_.use_case()};

  // Transfers.
  const TransferOperations transfers_{operations_.use_case()};

  // Counts.
  const StockCountOperations counts_{operations_.use_case()};

  // Planning.
  const PlanningOperations planning_{operations_.use_case()};

  // Cold chain.
  const ColdChainOperations cold_chain_{operations_.use_case()};

  // The recall as a case.
  const RecallOperations recalls_{operations_.use_case()};

  // CSV.
  std::atomic<int> running_imports_{0};
  std::atomic<int> running_exports_{0};
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_INVENTORY_SERVICE_H_
