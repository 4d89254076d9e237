#include "common/rpc/active_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/trace_context.h"
#include "common/database/audit_outbox.h"
#include "common/database/reply.h"
#include "common/rpc/audit_keys.h"
#include "common/rpc/call_metadata.h"
#include "common/rpc/call_request.h"
#include "common/rpc/login_entries.h"
#include "common/rpc/phi_fields.h"
#include "common/rpc/status_to_grpc.h"

namespace meso {
namespace {

constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);

// A trial's closure ends with this Status, so that its savepoint is rolled back.
absl::Status TrialDone() { return absl::AbortedError("meso: validate_only has run"); }
bool IsTrialDone(const absl::Status& status) { return status == TrialDone(); }

}  // namespace

ActiveCall::ActiveCall(CallServer::Impl& server, grpc::CallbackServerContext& context,
                       CallPlan plan)
    : server_(server),
      context_(context),
      plan_(std::move(plan)),
      method_(server.methods.Find(plan_.method, *plan_.request->GetDescriptor())),
      arrived_(server.options.clock->Now()) {
  method_.CountStarted();
  // A replay would otherwise answer with holes where the first answer had a patient.
  MESO_CHECK(plan_.form == CallPlan::Form::kRead || !method_.has_request_id() || plan_.restore ||
                 !HasPhi(*plan_.response->GetDescriptor()),
             method_.name().c_str());
}

void ActiveCall::OnDone() {
  CallServer::Impl& server = server_;
  delete this;
  server.Leave();
}

void ActiveCall::Shed(const absl::Status& status) { Conclude(status); }

absl::Status ActiveCall::CheckWanted() const {
  if (cancelled_.load(std::memory_order_relaxed)) {
    return absl::CancelledError("the caller has gone");
  }
  if (server_.out_of_time.load()) {
    return DependencyDown(server_.options.service, "it is shutting down");
  }
  if (server_.options.clock->Now() >= call_.deadline) {
    return absl::DeadlineExceededError("the deadline has passed");
  }
  return absl::OkStatus();
}

absl::Status ActiveCall::WhyStopped(absl::Status status) const {
  // The database stops a call without knowing why it was told to.
  const bool stopped = status.code() == absl::StatusCode::kDeadlineExceeded ||
                       status.code() == absl::StatusCode::kCancelled;
  if (!stopped || !ReasonOf(status).empty()) return status;
  const absl::Status unwanted = CheckWanted();
  return unwanted.ok() ? status : unwanted;
}

std::function<bool()> ActiveCall::CancelledCheck() {
  return
      [this] { return cancelled_.load(std::memory_order_relaxed) || server_.out_of_time.load(); };
}

void ActiveCall::Begin() {
  if (server_.options.clock->Now() - arrived_ > server_.options.queue_age_max) {
    server_.CountShed("calls");
    return Conclude(Overloaded(kRetryDelay));
  }
  if (cancelled_.load(std::memory_order_relaxed)) {
    return Conclude(absl::CancelledError("the caller has gone"));
  }
  bool first_use = false;
  const absl::Status status =
      IdentifyCaller(server_.options, context_, method_, &call_, &first_use);
  if (!status.ok()) return RefuseUnidentified(status);
  if (first_use) return RecordLogin();
  Proceed();
}

void ActiveCall::RefuseUnidentified(const absl::Status& status) {
  server_.CountUnauthenticated(status);
  const absl::Time now = server_.options.clock->Now();
  // Noise from outside must not be able to fill the audit log.
  if (!server_.unidentified.Admit(ReasonOf(status), now)) return Conclude(status);
  WriteRequest write;
  write.work = [this, status, now](Transaction& tx) {
    return AppendAudit(tx, LoginRecord(call_, server_.options.service, status, now));
  };
  write.done = [this, status](absl::Status) {
    server_.stages.Post([this, status] { Conclude(status); });
  };
  server_.options.database->Submit(std::move(write));
}

void ActiveCall::RecordLogin() {
  WriteRequest write;
  write.work = [this](Transaction& tx) {
    return AppendAudit(tx, LoginRecord(call_, server_.options.service, absl::OkStatus(),
                                       server_.options.clock->Now()));
  };
  write.done = [this](absl::Status written) {
    server_.stages.Post([this, written = std::move(written)] {
      // What the call itself does is recorded or refused by its own entry.
      if (!written.ok()) server_.ForgetLogin(context_, written);
      Proceed();
    });
  };
  server_.options.database->Submit(std::move(write));
}

void ActiveCall::Proceed() {
  const absl::Status status = Prepare();
  request_draft_ = call_.audit;
  if (!status.ok()) return Refuse(status);
  switch (plan_.form) {
    case CallPlan::Form::kMutation:
      return SubmitMutation();
    case CallPlan::Form::kRead:
      return SubmitRead();
    case CallPlan::Form::kSaga:
      return call_.reply_key.request_id.empty() ? StartSaga() : LookForReply();
  }
}

absl::Status ActiveCall::Prepare() {
  MESO_RETURN_IF_ERROR(AuthorizeCaller(server_.options, context_, method_, *plan_.request, &call_));
  if (call_.deadline == absl::InfiniteFuture()) return DeadlineRequired();
  return CheckRequest(server_.options, method_, *plan_.request, plan_.convert, &call_);
}

// --- mutation ---

void ActiveCall::SubmitMutation() {
  WriteRequest write;
  write.deadline = call_.deadline;
  write.cancelled = CancelledCheck();
  write.work = [this](Transaction& tx) { return RunMutation(tx); };
  write.on_refusal = [this](Transaction& tx, const absl::Status& refusal) {
    return IsTrialDone(refusal) ? AppendTrialEntry(tx) : RecordRefusal(tx, refusal);
  };
  write.done = [this](absl::Status status) {
    server_.stages.Post([this, status = std::move(status)] {
      Conclude(IsTrialDone(status) ? absl::OkStatus() : WhyStopped(status));
    });
  };
  server_.options.database->Submit(std::move(write));
}

absl::Status ActiveCall::RunMutation(Transaction& tx) {
  MESO_RETURN_IF_ERROR(CheckWanted());
  call_.audit = request_draft_;
  replayed_ = false;
  if (!call_.reply_key.request_id.empty()) {
    MESO_RETURN_IF_ERROR(FindStoredReply(tx));
    if (replayed_) return absl::OkStatus();
  }
  MESO_RETURN_IF_ERROR(plan_.run(tx, call_));
  if (call_.validate_only) return TrialDone();
  MESO_RETURN_IF_ERROR(AppendEntry(tx, absl::OkStatus()));
  MESO_FAILPOINT("call.before_reply");
  return SaveReply(tx, call_.reply_key, ReplyBytes(*plan_.response), server_.options.clock->Now());
}

// The entry of the first call stands for its repetitions too: same caller, same request, same
// answer.
absl::Status ActiveCall::FindStoredReply(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> reply,
                        FindReply(tx, call_.reply_key, server_.options.clock->Now()));
  if (!reply) return absl::OkStatus();
  if (!plan_.response->ParseFromString(*reply)) {
    return absl::DataLossError("a stored reply cannot be read");
  }
  if (plan_.restore) MESO_RETURN_IF_ERROR(plan_.restore(tx));
  replayed_ = true;
  return absl::OkStatus();
}

// --- read ---

void ActiveCall::SubmitRead() {
  ReadRequest read;
  read.deadline = call_.deadline;
  read.cancelled = CancelledCheck();
  read.work = [this](Transaction& tx) {
    call_.audit = request_draft_;
    return plan_.run(tx, call_);
  };
  read.done = [this](absl::Status status) {
    server_.stages.Post([this, status = std::move(status)] {
      if (!status.ok()) return Refuse(WhyStopped(status));
      if (!method_.WritesAccessEntry()) return Conclude(status);
      RecordThenConclude(status, /*trial=*/false);
    });
  };
  server_.options.database->SubmitRead(std::move(read));
}

// --- saga ---

void ActiveCall::LookForReply() {
  ReadRequest read;
  read.deadline = call_.deadline;
  read.cancelled = CancelledCheck();
  read.work = [this](Transaction& tx) {
    replayed_ = false;
    return FindStoredReply(tx);
  };
  read.done = [this](absl::Status status) {
    server_.stages.Post([this, status = std::move(status)] {
      if (!status.ok()) return Refuse(WhyStopped(status));
      if (replayed_) return Conclude(status);
      StartSaga();
    });
  };
  server_.options.database->SubmitRead(std::move(read));
}

void ActiveCall::StartSaga() {
  // The saga makes its own entry from call.audit: it begins with what the request shows.
  FillObject(*plan_.request, nullptr, call_.audit);
  if (server_.sagas.TryPost([this] { RunSaga(); })) return;
  server_.CountShed("sagas");
  Conclude(Overloaded(kRetryDelay));
}

void ActiveCall::RunSaga() {
  absl::Status outcome = CheckWanted();
  if (outcome.ok()) outcome = plan_.run_saga(call_);
  AfterSaga(outcome);
}

void ActiveCall::AfterSaga(const absl::Status& outcome) {
  if (!outcome.ok()) return Refuse(outcome);
  if (call_.validate_only) return RecordThenConclude(outcome, /*trial=*/true);
  // With a request_id the saga has written entry and reply in its own last transaction.
  if (!call_.reply_key.request_id.empty() || !method_.WritesAccessEntry()) return Conclude(outcome);
  RecordThenConclude(outcome, /*trial=*/false);
}

// --- entries ---

absl::Status ActiveCall::AppendEntry(Transaction& tx, const absl::Status& outcome) {
  if (call_.action.empty()) return absl::OkStatus();
  const google::protobuf::Message* response = outcome.ok() ? plan_.response : nullptr;
  if (response != nullptr) CollectKeys(*response, call_.audit);
  FillObject(*plan_.request, response, call_.audit);
  return AppendAudit(
      tx, MakeAuditRecord(call_, server_.options.service, outcome, server_.options.clock->Now()));
}

absl::Status ActiveCall::AppendTrialEntry(Transaction& tx) {
  // A trial decides and shows, but creates nothing: the entry must not look as if it had.
  if (!call_.action.empty()) call_.action = "E";
  call_.audit.facts["reason"] = "VALIDATE_ONLY";
  return AppendEntry(tx, absl::OkStatus());
}

bool ActiveCall::IsRecordable(const absl::Status& refusal) const {
  if (call_.action.empty()) return false;
  const std::string reason = ReasonOf(refusal);
  // Neither says anything about an access, and under overload or with a full disk an entry each
  // would make matters worse.
  return reason != "OVERLOADED" && reason != "STORAGE_UNAVAILABLE";
}

absl::Status ActiveCall::RecordRefusal(Transaction& tx, const absl::Status& refusal) {
  if (!IsRecordable(refusal)) return absl::OkStatus();
  const absl::Status appended = AppendEntry(tx, PublicStatus(refusal, call_.correlation_id));
  if (appended.ok()) return appended;
  return StorageUnavailable("the refusal could not be recorded");
}

void ActiveCall::Refuse(const absl::Status& refusal) {
  if (!IsRecordable(refusal)) return Conclude(refusal);
  RecordThenConclude(refusal, /*trial=*/false);
}

void ActiveCall::RecordThenConclude(const absl::Status& outcome, bool trial) {
  WriteRequest write;
  write.work = [this, outcome, trial](Transaction& tx) {
    if (trial) return AppendTrialEntry(tx);
    return AppendEntry(tx, PublicStatus(outcome, call_.correlation_id));
  };
  write.done = [this, outcome](absl::Status written) {
    server_.stages.Post([this, outcome, written = std::move(written)] {
      if (written.ok()) return Conclude(outcome);
      Log(Severity::kError, "access entry not written",
          {{"method", method_.name()},
           {"correlation_id", call_.correlation_id},
           {"error", std::string(written.message())}});
      Conclude(StorageUnavailable("the access could not be recorded"));
    });
  };
  server_.options.database->Submit(std::move(write));
}

// --- the end ---

void ActiveCall::Conclude(const absl::Status& status) {
  MESO_FAILPOINT("call.before_finish");
  const absl::Status answer = PublicStatus(status, call_.correlation_id);
  const absl::Duration taken = server_.options.clock->Now() - arrived_;
  method_.CountHandled(answer.code(), absl::ToDoubleSeconds(taken));
  if (ReasonOf(answer) == "INTERNAL" && !status.ok()) {
    Log(Severity::kError, "call failed",
        {{"method", method_.name()},
         {"correlation_id", call_.correlation_id},
         {"error", status.ToString()}});
  }
  LogCall(answer, absl::ToDoubleMilliseconds(taken));
  // Lets a caller see that its clock and ours differ, whatever the answer is.
  context_.AddTrailingMetadata(kServerTimeKey, absl::StrCat(absl::ToUnixMillis(arrived_ + taken)));
  // From here on gRPC may call OnDone at any moment, and this object be gone.
  Finish(StatusToGrpc(answer, server_.options.service));
}

void ActiveCall::LogCall(const absl::Status& status, double milliseconds) const {
  LogFields fields = {{"method", method_.name()},
                      {"code", CodeName(status.code())},
                      {"ms", absl::StrFormat("%.2f", milliseconds)},
                      {"correlation_id", call_.correlation_id}};
  if (const auto span = ParseTraceParent(call_.trace_parent)) {
    fields.emplace_back("trace_id", span->trace_id);
    fields.emplace_back("span_id", span->span_id);
  }
  if (!call_.parent_span_id.empty()) fields.emplace_back("parent_span_id", call_.parent_span_id);
  if (!status.ok()) fields.emplace_back("reason", ReasonOf(status));
  if (!call_.reply_key.request_id.empty()) {
    fields.emplace_back("request_id", call_.reply_key.request_id);
  }
  if (replayed_) fields.emplace_back("replayed", "true");
  Log(Severity::kInfo, "call", fields);
}

}  // namespace meso
