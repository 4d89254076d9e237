#include "services/screening/screening_app.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "generated/screening_migrations.h"
#include "services/screening/events/screening_consumer.h"
#include "services/screening/peers/screening_peers.h"
#include "services/screening/rpc/screening_service.h"
#include "services/screening/screening_operations.h"

namespace meso::screening {

struct ScreeningApp::Impl {
  // Destroyed last: everything below uses it, and it stops before anything below goes away.
  std::unique_ptr<ServiceProcess> process;
  Consumer* scheduling = nullptr;
  Consumer* inventory = nullptr;
  std::unique_ptr<ScreeningPeers> peers;
  std::unique_ptr<ScreeningOperations> operations;
  std::unique_ptr<ScreeningService> service;
};

ScreeningApp::ScreeningApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ScreeningApp::~ScreeningApp() { impl_->process->Stop(); }

absl::StatusOr<std::unique_ptr<ScreeningApp>> ScreeningApp::Create(const ProcessConfig& config,
                                                                   const Clock* clock,
                                                                   IdSource* ids) {
  auto impl = std::make_unique<Impl>();
  MESO_ASSIGN_OR_RETURN(impl->process,
                        ServiceProcess::Create(config, ScreeningMigrations(), clock, ids));
  ServiceProcess& process = *impl->process;
  impl->peers = MakeScreeningPeers(
      process.peer("inventory"),
      [impl = impl.get()](absl::string_view source, absl::Time deadline) -> absl::Status {
        if (source == "scheduling") return impl->scheduling->CatchUp(deadline);
        if (source == "inventory") return impl->inventory->CatchUp(deadline);
        return absl::InternalError(absl::StrCat("no events are taken in from ", source));
      });
  impl->operations = std::make_unique<ScreeningOperations>(process.database(), process.clock(),
                                                           process.ids(), *impl->peers);
  impl->scheduling = &process.Consume("scheduling", SchedulingHandlers(*impl->operations));
  impl->inventory = &process.Consume("inventory", InventoryHandlers(*impl->operations));
  impl->service = std::make_unique<ScreeningService>(process.calls(), *impl->operations);
  return std::unique_ptr<ScreeningApp>(new ScreeningApp(std::move(impl)));
}

absl::Status ScreeningApp::Serve() { return impl_->process->Serve({impl_->service.get()}); }

ServiceProcess& ScreeningApp::process() { return *impl_->process; }

}  // namespace meso::screening
