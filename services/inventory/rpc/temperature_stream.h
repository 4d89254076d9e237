// One RecordTemperatures call: takes the batches of a client stream one after the other, each as a
// mutation of its own.
//
// A batch is admitted, run and recorded like a unary call (CallServer::Admit and RunMessage), and
// the next message is read only when it is durable: a client that sends faster than the database
// writes is slowed down by its own connection and costs one message of memory. The first refused
// batch ends the stream; those before it stay. Work runs on the saga pool; gRPC's threads only hand
// over. Deletes itself when gRPC is done with it.
#ifndef MESO_SERVICES_INVENTORY_RPC_TEMPERATURE_STREAM_H_
#define MESO_SERVICES_INVENTORY_RPC_TEMPERATURE_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <set>

#include "common/rpc/serve_call.h"
#include "meso/inventory/v1/cold_chain.pb.h"
#include "services/inventory/cold_chain_operations.h"
#include "services/inventory/known_sites.h"

namespace meso::inventory {

class TemperatureStream final : public grpc::ServerReadReactor<v1::RecordTemperaturesRequest> {
 public:
  // Starts to read; `context` and `response` live as long as the call.
  TemperatureStream(CallServer& calls, const ColdChainOperations& operations, KnownSites& sites,
                    grpc::CallbackServerContext& context, v1::RecordTemperaturesResponse& response);

  void OnReadDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  // The message just read.
  void TakeBatch();
  absl::Status RunBatch();
  // The client has sent everything, or has gone.
  void Close();
  // Shows the excursions as they are at the end.
  absl::Status Answer();
  void End(const absl::Status& status);

  CallServer& calls_;
  const ColdChainOperations& operations_;
  KnownSites& sites_;
  grpc::CallbackServerContext& context_;
  v1::RecordTemperaturesResponse& response_;
  v1::RecordTemperaturesRequest request_;
  CallContext call_;  // of the last batch admitted
  int64_t batches_ = 0;
  std::set<ExcursionName> changed_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_TEMPERATURE_STREAM_H_
