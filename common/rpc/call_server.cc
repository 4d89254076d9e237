#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/trace_context.h"
#include "common/database/audit_outbox.h"
#include "common/database/reply.h"
#include "common/rpc/active_call.h"
#include "common/rpc/audit_keys.h"
#include "common/rpc/call_metadata.h"
#include "common/rpc/call_request.h"
#include "common/rpc/call_server_impl.h"
#include "common/rpc/login_entries.h"
#include "common/rpc/phi_fields.h"
#include "common/rpc/serve_call.h"
#include "common/rpc/status_to_grpc.h"

namespace meso {

CallServer::Impl::Impl(const CallServerOptions& server_options)
    : options(server_options),
      methods(*options.metrics),
      stages(options.pool_threads, static_cast<size_t>(options.queue_max)),
      sagas(options.saga_threads, static_cast<size_t>(options.queue_max)) {}

bool CallServer::Impl::Enter() {
  absl::MutexLock lock(&mutex);
  if (draining) return false;
  ++running;
  return true;
}

void CallServer::Impl::Leave() {
  absl::MutexLock lock(&mutex);
  --running;
}

void CallServer::Impl::CountUnauthenticated(const absl::Status& status) {
  options.metrics
      ->GetCounter("meso_unauthenticated_total", "Calls without an accepted token, by reason.",
                   {{"reason", ReasonOf(status)}})
      .Increment();
}

void CallServer::Impl::ForgetLogin(const grpc::ServerContextBase& context,
                                   const absl::Status& why) {
  options.authenticator->ForgetFirstUse(HeaderOf(context, kAuthorizationKey));
  Log(Severity::kError, "login entry not written", {{"error", std::string(why.message())}});
}

absl::Status CallServer::Impl::Identify(const grpc::ServerContextBase& context,
                                        const CallMethod& method, CallContext* call) {
  bool first_use = false;
  const absl::Status status = IdentifyCaller(options, context, method, call, &first_use);
  if (!status.ok()) CountUnauthenticated(status);
  const absl::Time now = options.clock->Now();
  const bool recorded = status.ok() ? first_use : unidentified.Admit(ReasonOf(status), now);
  if (!recorded) return status;
  const absl::Status written = options.database->Transact([&](Transaction& tx) {
    return AppendAudit(tx, LoginRecord(*call, options.service, status, now));
  });
  if (!written.ok() && status.ok()) ForgetLogin(context, written);
  return status;
}

void CallServer::Impl::CountShed(const char* queue) { Shed(queue).Increment(); }

Metrics::Counter& CallServer::Impl::Shed(const char* queue) {
  return options.metrics->GetCounter("meso_shed_total", "Calls refused as OVERLOADED, by queue.",
                                     {{"queue", queue}});
}

CallServer::CallServer(const CallServerOptions& options) {
  MESO_CHECK(options.database != nullptr && options.clock != nullptr && options.ids != nullptr &&
                 options.authenticator != nullptr && options.metrics != nullptr,
             "CallServerOptions are incomplete");
  impl_ = std::make_unique<Impl>(options);
  // An alert on a series that does not exist yet misses its first increase.
  for (const char* queue : {"calls", "sagas"}) impl_->Shed(queue);
}

CallServer::~CallServer() {
  Drain(absl::ZeroDuration());
  // A call that still runs holds a reactor gRPC waits for: it has to be finished, however long that
  // takes.
  absl::MutexLock lock(&impl_->mutex);
  impl_->mutex.Await(absl::Condition(
      +[](Impl* impl) ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl->mutex) { return impl->running == 0; },
      impl_.get()));
}

grpc::ServerUnaryReactor* CallServer::Start(grpc::CallbackServerContext* context, CallPlan plan) {
  const bool entered = impl_->Enter();
  auto* call = new ActiveCall(*impl_, *context, std::move(plan));
  if (!entered) {
    {
      // OnDone gives back what every call has taken.
      absl::MutexLock lock(&impl_->mutex);
      ++impl_->running;
    }
    call->Shed(DependencyDown(impl_->options.service, "it is shutting down"));
  } else if (!impl_->stages.TryPost([call] { call->Begin(); })) {
    impl_->CountShed("calls");
    call->Shed(Overloaded(absl::Milliseconds(100)));
  }
  return call;
}

absl::StatusOr<CallContext> CallServer::Admit(grpc::ServerContextBase& context,
                                              absl::string_view method_name,
                                              const google::protobuf::Message& request,
                                              const std::function<absl::Status()>& convert) {
  CallMethod& method = impl_->methods.Find(method_name, *request.GetDescriptor());
  method.CountStarted();
  CallContext call;
  absl::Status status = impl_->Identify(context, method, &call);
  if (!status.ok()) {
    method.CountHandled(status.code(), 0);
    return status;
  }
  status = AuthorizeCaller(impl_->options, context, method, request, &call);
  if (status.ok()) status = CheckRequest(impl_->options, method, request, convert, &call);
  if (status.ok()) {
    FillObject(request, nullptr, call.audit);
    return call;
  }
  method.CountHandled(status.code(), 0);
  const absl::Status recorded = RecordCall(call, status);
  return recorded.ok() ? status : recorded;
}

absl::Status CallServer::RecordCall(const CallContext& call, const absl::Status& outcome) {
  if (call.action.empty()) return absl::OkStatus();
  const absl::Status written = impl_->options.database->Transact([&](Transaction& tx) {
    return AppendAudit(
        tx, MakeAuditRecord(call, impl_->options.service, outcome, impl_->options.clock->Now()));
  });
  if (written.ok()) return written;
  Log(Severity::kError, "access entry not written",
      {{"method", call.method},
       {"correlation_id", call.correlation_id},
       {"error", std::string(written.message())}});
  return StorageUnavailable("the access could not be recorded");
}

void CallServer::RecordUnknownMethod(const grpc::ServerContextBase& context,
                                     const std::string& path) {
  const absl::Time now = impl_->options.clock->Now();
  if (!impl_->unidentified.Admit("METHOD_UNKNOWN", now)) return;
  auto call = std::make_shared<CallContext>();
  ReadCallHeaders(context, call.get());
  BeginSpan(*impl_->options.ids, call.get());
  // Not on the thread of gRPC: a signature is checked.
  const bool posted = impl_->stages.TryPost(
      [impl = impl_.get(), call, path, now, authorization = HeaderOf(context, kAuthorizationKey)] {
        auto caller = impl->options.authenticator->Authenticate(authorization);
        if (caller.ok()) call->caller = *std::move(caller);
        WriteRequest write;
        write.work = [impl, call, path, now](Transaction& tx) {
          return AppendAudit(tx, UnknownMethodRecord(*call, impl->options.service, path, now));
        };
        write.done = [](absl::Status) {};
        impl->options.database->Submit(std::move(write));
      });
  if (!posted) impl_->unidentified.GiveBack({{"METHOD_UNKNOWN", 1}});
}

absl::Status CallServer::RecordHeldBack() {
  const std::map<std::string, int64_t> counts = impl_->unidentified.Take();
  if (counts.empty()) return absl::OkStatus();
  const absl::Status written = impl_->options.database->Transact([&](Transaction& tx) {
    return AppendAudit(tx,
                       HeldBackRecord(counts, impl_->options.service, impl_->options.clock->Now()));
  });
  if (!written.ok()) impl_->unidentified.GiveBack(counts);
  return written;
}

absl::Status CallServer::RunMessage(
    const CallContext& call, const google::protobuf::Message& request,
    google::protobuf::Message* response,
    const std::function<absl::Status(Transaction&, const CallContext&)>& run) {
  const AuditDraft draft = call.audit;
  const auto append = [&](Transaction& tx, const absl::Status& outcome) -> absl::Status {
    if (call.action.empty()) return absl::OkStatus();
    if (outcome.ok()) CollectKeys(*response, call.audit);
    FillObject(request, outcome.ok() ? response : nullptr, call.audit);
    return AppendAudit(
        tx, MakeAuditRecord(call, impl_->options.service, outcome, impl_->options.clock->Now()));
  };
  WriteRequest write;
  write.deadline = call.deadline;
  write.work = [&](Transaction& tx) -> absl::Status {
    call.audit = draft;
    response->Clear();
    const absl::Time now = impl_->options.clock->Now();
    MESO_ASSIGN_OR_RETURN(const std::optional<std::string> reply,
                          FindReply(tx, call.reply_key, now));
    if (reply) {
      if (response->ParseFromString(*reply)) return absl::OkStatus();
      return absl::DataLossError("a stored reply cannot be read");
    }
    MESO_RETURN_IF_ERROR(run(tx, call));
    MESO_RETURN_IF_ERROR(append(tx, absl::OkStatus()));
    return SaveReply(tx, call.reply_key, ReplyBytes(*response), now);
  };
  write.on_refusal = [&](Transaction& tx, const absl::Status& refusal) -> absl::Status {
    if (ReasonOf(refusal) == "STORAGE_UNAVAILABLE") return absl::OkStatus();
    const absl::Status appended = append(tx, PublicStatus(refusal, call.correlation_id));
    return appended.ok() ? appended : StorageUnavailable("the refusal could not be recorded");
  };
  absl::Status outcome;
  absl::Notification done;
  write.done = [&](absl::Status status) {
    outcome = std::move(status);
    done.Notify();
  };
  const absl::Time begin = impl_->options.clock->Now();
  impl_->options.database->Submit(std::move(write));
  done.WaitForNotification();
  impl_->methods.Find(call.method, *request.GetDescriptor())
      .CountHandled(outcome.code(), absl::ToDoubleSeconds(impl_->options.clock->Now() - begin));
  return outcome;
}

void CallServer::RunOnSagaPool(std::function<void()> work) { impl_->sagas.Post(std::move(work)); }

bool CallServer::TryRunOnSagaPool(std::function<void()> work) {
  return impl_->sagas.TryPost(std::move(work));
}

const CallServerOptions& CallServer::options() const { return impl_->options; }

void CallServer::Drain(absl::Duration grace) {
  absl::MutexLock lock(&impl_->mutex);
  impl_->draining = true;
  const bool done = impl_->mutex.AwaitWithTimeout(
      absl::Condition(
          +[](Impl* impl) ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl->mutex) { return impl->running == 0; },
          impl_.get()),
      grace);
  if (!done) impl_->out_of_time.store(true);
}

}  // namespace meso
