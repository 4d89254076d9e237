// The methods of InventoryService that stream CSV.
#include "services/inventory/rpc/import_stream.h"
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/rpc/stock_export_stream.h"

namespace meso::inventory {

grpc::ServerBidiReactor<v1::ImportStockRequest, v1::ImportStockResponse>*
InventoryService::ImportStock(grpc::CallbackServerContext* context) {
  return new ImportStream(calls_, operations_.use_case(), sites_, running_imports_, *context);
}

grpc::ServerWriteReactor<v1::ExportStockResponse>* InventoryService::ExportStock(
    grpc::CallbackServerContext* context, const v1::ExportStockRequest* request) {
  return new StockExportStream(calls_, operations_.use_case(), running_exports_, *context,
                               *request);
}

}  // namespace meso::inventory
