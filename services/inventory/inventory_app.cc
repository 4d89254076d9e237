#include "services/inventory/inventory_app.h"

#include <utility>

#include "common/base/status_macros.h"
#include "generated/inventory_migrations.h"
#include "services/inventory/cold_chain_operations.h"
#include "services/inventory/events/inventory_consumer.h"
#include "services/inventory/inventory_operations.h"
#include "services/inventory/known_sites.h"
#include "services/inventory/peers/inventory_peers.h"
#include "services/inventory/reallocation.h"
#include "services/inventory/rpc/inventory_service.h"
#include "services/inventory/sensor_silence.h"

namespace meso::inventory {
namespace {

class SchedulingEvents final : public InventoryPeers {
 public:
  void Follow(Consumer& consumer) { consumer_ = &consumer; }
  absl::Status CatchUpWithScheduling(absl::Time deadline) override {
    return consumer_->CatchUp(deadline);
  }

 private:
  Consumer* consumer_ = nullptr;
};

}  // namespace

struct InventoryApp::Impl {
  // Destroyed last: everything below uses it, and it stops before anything below goes away.
  std::unique_ptr<ServiceProcess> process;
  SchedulingEvents peers;
  std::unique_ptr<InventoryOperations> operations;
  std::unique_ptr<ColdChainOperations> cold_chain;
  std::unique_ptr<KnownSites> sites;
  std::unique_ptr<InventoryService> service;
};

InventoryApp::InventoryApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

InventoryApp::~InventoryApp() { impl_->process->Stop(); }

absl::StatusOr<std::unique_ptr<InventoryApp>> InventoryApp::Create(const ProcessConfig& config,
                                                                   const Clock* clock,
                                                                   IdSource* ids,
                                                                   int allocation_horizon_days) {
  auto impl = std::make_unique<Impl>();
  MESO_ASSIGN_OR_RETURN(impl->process,
                        ServiceProcess::Create(config, InventoryMigrations(), clock, ids));
  ServiceProcess& process = *impl->process;
  impl->operations = std::make_unique<InventoryOperations>(
      process.clock(), process.ids(), [&process] { process.work().Wake(); },
      allocation_horizon_days);
  impl->peers.Follow(process.Consume("scheduling", SchedulingHandlers(*impl->operations)));
  process.work().Register(kReallocateWork,
                          ReallocationHandler(process.database(), *impl->operations));
  process.work().Register(kPromiseWork, PromiseHandler(process.database(), *impl->operations));
  impl->cold_chain = std::make_unique<ColdChainOperations>(impl->operations->use_case());
  process.work().Register(kSensorSilenceWork,
                          SensorSilenceHandler(process.database(), *impl->cold_chain));
  impl->sites = std::make_unique<KnownSites>(process.database(), process.clock(), impl->peers);
  impl->service =
      std::make_unique<InventoryService>(process.calls(), *impl->operations, *impl->sites);
  return std::unique_ptr<InventoryApp>(new InventoryApp(std::move(impl)));
}

absl::Status InventoryApp::Serve() { return impl_->process->Serve({impl_->service.get()}); }

ServiceProcess& InventoryApp::process() { return *impl_->process; }

}  // namespace meso::inventory
