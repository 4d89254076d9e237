// One ImportStock call: takes the file part by part, then writes it and says how far it is.
//
// While the file arrives no thread waits: each part is judged on the saga pool before the next one
// is asked for, so a fast sender is slowed down by flow control and a slow one costs memory for
// itself only. The writing occupies one saga thread. A caller that goes away leaves nothing: before
// anything is written a message must have gone out to it, and a message can't be sent to a caller
// whose stream broke off. Deletes itself when gRPC is done with it.
#ifndef MESO_SERVICES_INVENTORY_RPC_IMPORT_STREAM_H_
#define MESO_SERVICES_INVENTORY_RPC_IMPORT_STREAM_H_

#include <grpcpp/grpcpp.h>
#include <openssl/evp.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "common/rpc/serve_call.h"
#include "meso/inventory/v1/inventory_service.pb.h"
#include "services/inventory/import_operations.h"

namespace meso::inventory {

class ImportStream final
    : public grpc::ServerBidiReactor<v1::ImportStockRequest, v1::ImportStockResponse> {
 public:
  // At most this many imports are kept in memory at a time; further ones are refused.
  static constexpr int kAtOnceMax = 4;

  // `running` counts the imports of the process. All outlive the stream.
  ImportStream(CallServer& calls, const UseCase& use_case, KnownSites& sites,
               std::atomic<int>& running, grpc::CallbackServerContext& context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override;

 private:
  // All on the saga pool.
  void BeginWith(bool any);
  absl::Status Open();
  void TakePart();
  absl::Status Take();
  absl::Status CheckPart() const;
  void EndOfFile();
  absl::StatusOr<v1::ImportReport> Import();
  // Sends one message and waits until it is on its way. False when the caller has gone.
  bool Send(const v1::ImportStockResponse& message);
  void End(const absl::Status& status);

  CallServer& calls_;
  std::atomic<int>& running_;
  grpc::CallbackServerContext& context_;
  const UseCase use_case_;
  KnownSites& sites_;
  std::atomic<bool> cancelled_{false};
  bool begun_ = false;    // the first part has been asked for
  bool counted_ = false;  // in running_
  bool recorded_ = false;
  CallContext call_;
  v1::ImportStockRequest header_;  // the first part without its bytes
  v1::ImportStockRequest part_;
  std::unique_ptr<StockImportRun> run_;
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash_;
  int64_t told_rows_ = 0;

  absl::Mutex mutex_;
  bool sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool sent_well_ ABSL_GUARDED_BY(mutex_) = false;
  v1::ImportStockResponse message_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_IMPORT_STREAM_H_
