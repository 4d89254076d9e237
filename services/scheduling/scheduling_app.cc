#include "services/scheduling/scheduling_app.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "generated/scheduling_migrations.h"
#include "services/scheduling/booking_operations.h"
#include "services/scheduling/domain/offer_token.h"
#include "services/scheduling/events/scheduling_consumer.h"
#include "services/scheduling/peers/scheduling_grpc_peers.h"
#include "services/scheduling/risk_operations.h"
#include "services/scheduling/rpc/scheduling_admin_service.h"
#include "services/scheduling/rpc/scheduling_convert.h"
#include "services/scheduling/rpc/scheduling_service.h"

namespace meso::scheduling {

struct SchedulingApp::Impl {
  // Destroyed last: everything below uses it, and it stops before anything below goes away.
  std::unique_ptr<ServiceProcess> process;
  std::unique_ptr<SchedulingPeers> peers;
  SchedulingEnvironment env;
  std::unique_ptr<SchedulingAdminServiceImpl> admin_service;
  std::unique_ptr<SchedulingServiceImpl> service;
};

SchedulingApp::SchedulingApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SchedulingApp::~SchedulingApp() { impl_->process->Stop(); }

absl::StatusOr<std::unique_ptr<SchedulingApp>> SchedulingApp::Create(
    const ProcessConfig& config, const std::string& offer_key_file, const Clock* clock,
    IdSource* ids) {
  auto impl = std::make_unique<Impl>();
  SchedulingEnvironment& env = impl->env;
  MESO_ASSIGN_OR_RETURN(env.offer_key, ReadSecretFile(offer_key_file));
  if (env.offer_key.size() < kOfferKeyLengthMin) {
    return absl::FailedPreconditionError(
        absl::StrCat("--offer_key_file=", offer_key_file, " holds fewer than ", kOfferKeyLengthMin,
                     " bytes; name the offer.key that 'mesoctl admin init' made."));
  }
  MESO_ASSIGN_OR_RETURN(impl->process,
                        ServiceProcess::Create(config, SchedulingMigrations(), clock, ids));
  ServiceProcess& process = *impl->process;
  process.WatchKeyFile("offer_key_file", offer_key_file, /*secret=*/true);
  impl->peers = MakeGrpcPeers(process.peer("screening"), process.peer("inventory"));
  env.database = &process.database();
  env.clock = &process.clock();
  env.ids = &process.ids();
  env.peers = impl->peers.get();
  env.work = &process.work();
  env.instance = process.ids().NewId();
  env.reply_bytes = [](const Appointment& appointment, absl::Time now) {
    v1::Appointment proto;
    ToProto(appointment, now, &proto);
    return ReplyBytes(proto);
  };
  process.work().Register(kBookingWork,
                          [&env](const PendingWork& work) { return RunBooking(env, work); });
  process.work().Register(kRecheckWork,
                          [&env](const PendingWork& work) { return RunRecheck(env, work); });
  process.Consume("inventory", InventoryHandlers(env));
  process.Consume("screening", ScreeningHandlers(env));
  impl->admin_service = std::make_unique<SchedulingAdminServiceImpl>(process.calls(), env);
  impl->service = std::make_unique<SchedulingServiceImpl>(process.calls(), env);
  return std::unique_ptr<SchedulingApp>(new SchedulingApp(std::move(impl)));
}

absl::Status SchedulingApp::Serve() {
  return impl_->process->Serve({impl_->admin_service.get(), impl_->service.get()});
}

ServiceProcess& SchedulingApp::process() { return *impl_->process; }

}  // namespace meso::scheduling
