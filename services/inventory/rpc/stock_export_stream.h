// One ExportStock call: has the file written on one snapshot, then sends it piece by piece, as fast
// as the reader takes them.
//
// The export is recorded before its first byte leaves. Pieces are forgotten as they go. Deletes
// itself when gRPC is done with it.
#ifndef MESO_SERVICES_INVENTORY_RPC_STOCK_EXPORT_STREAM_H_
#define MESO_SERVICES_INVENTORY_RPC_STOCK_EXPORT_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <atomic>

#include "common/rpc/serve_call.h"
#include "meso/inventory/v1/inventory_service.pb.h"
#include "services/inventory/export_operations.h"

namespace meso::inventory {

class StockExportStream final : public grpc::ServerWriteReactor<v1::ExportStockResponse> {
 public:
  // At most this many exports are kept in memory at a time; further ones are refused.
  static constexpr int kAtOnceMax = 4;

  // `running` counts the exports of the process. `context` and `request` live as long as the call.
  StockExportStream(CallServer& calls, const UseCase& use_case, std::atomic<int>& running,
                    grpc::CallbackServerContext& context, const v1::ExportStockRequest& request);

  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  void Begin();
  absl::Status Write();
  void SendNext();
  void End(const absl::Status& status);

  CallServer& calls_;
  const ExportOperations operations_;
  std::atomic<int>& running_;
  grpc::CallbackServerContext& context_;
  const v1::ExportStockRequest& request_;
  bool counted_ = false;  // in running_
  bool recorded_ = false;
  CallContext call_;
  ExportedStock exported_;
  v1::ExportStockResponse message_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_STOCK_EXPORT_STREAM_H_
