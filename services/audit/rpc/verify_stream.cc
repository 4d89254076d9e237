#include "services/audit/rpc/verify_stream.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/rpc/status_to_grpc.h"

namespace meso::audit {
namespace {

constexpr char kMethod[] = "meso.audit.v1.AuditService/VerifyLog";
constexpr absl::Duration kPoolFull = absl::Seconds(1);

std::string EntryName(const std::optional<uint64_t>& index) {
  return index ? absl::StrCat("entries/", *index) : "";
}

void ToProto(const VerifyReport& report, v1::VerifyLogResult* result) {
  result->set_ok(report.ok);
  result->set_origin(report.header.origin);
  result->set_tree_size(report.header.tree_size);
  result->set_entries(report.entries);
  if (!report.ok) {
    result->set_problem(report.problem);
    result->set_first_bad_entry(EntryName(report.first_bad_index));
    result->set_last_bad_entry(EntryName(report.last_bad_index));
    return;
  }
  result->set_root_hash(HashBytes(report.root));
  result->set_checkpoints(report.checkpoints);
  result->set_payloads(report.payloads);
  result->set_erased(report.withheld);
  result->set_sources(report.sources);
  result->set_runs(report.runs);
  result->set_openings(report.openings.size());
}

}  // namespace

VerifyStream::VerifyStream(CallServer& calls, const AuditOperations& audit,
                           const VerifyOperations& verify, grpc::CallbackServerContext& context,
                           const v1::VerifyLogRequest& request)
    : calls_(calls), audit_(audit), verify_(verify), context_(context), request_(request) {
  if (calls_.TryRunOnSagaPool([this] { Run(); })) return;
  Finish(StatusToGrpc(Overloaded(kPoolFull), calls_.options().service));
}

void VerifyStream::Run() {
  const absl::StatusOr<CallContext> call = calls_.Admit(context_, kMethod, request_);
  absl::Status outcome = call.status();  // a refusal has been recorded
  if (call.ok()) {
    outcome = PublicStatus(Verify(*call), call->correlation_id);
    const absl::Status recorded = calls_.RecordCall(*call, outcome);
    if (outcome.ok()) outcome = recorded;
  }
  AwaitFree();
  Finish(StatusToGrpc(PublicStatus(outcome, ""), calls_.options().service));
}

absl::Status VerifyStream::Verify(const CallContext& call) {
  MESO_RETURN_IF_ERROR(calls_.options().database->Read(
      [&](Transaction& tx) { return audit_.AuthorizeReading(tx, call).status(); }, call.deadline));
  MESO_ASSIGN_OR_RETURN(const std::unique_ptr<VerifyOperations::Turn> turn, verify_.TakeTurn());
  call.audit.object_type = "Log";
  call.audit.facts["stage"] = "begin";
  MESO_RETURN_IF_ERROR(calls_.RecordCall(call, absl::OkStatus()));
  call.audit.facts["stage"] = "end";
  MESO_FAILPOINT("audit.verify_log");
  VerifyOperations::Watcher watcher;
  watcher.progress = [this](VerifyStage stage, uint64_t done, uint64_t total) {
    Offer(stage, done, total);
  };
  watcher.cancelled = [this] { return IsCancelled(); };
  MESO_ASSIGN_OR_RETURN(const VerifyReport report, verify_.Verify(*turn, call.deadline, watcher));
  call.audit.facts["result"] = report.ok ? "good" : "damaged";
  call.audit.facts["tree_size"] = absl::StrCat(report.header.tree_size);
  if (!report.ok) {
    call.audit.violation = true;
    if (report.first_bad_index) {
      call.audit.facts["first_bad_entry"] = EntryName(report.first_bad_index);
      call.audit.facts["last_bad_entry"] = EntryName(report.last_bad_index);
    }
    Log(Severity::kError, "the stored log is damaged", {{"problem", report.problem}});
  }
  if (!AwaitFree()) return absl::CancelledError("the caller has gone");
  message_.Clear();
  ToProto(report, message_.mutable_result());
  Send();
  return absl::OkStatus();
}

void VerifyStream::Send() {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = true;
  }
  StartWrite(&message_);
}

void VerifyStream::Offer(VerifyStage stage, uint64_t done, uint64_t total) {
  {
    absl::MutexLock lock(&mutex_);
    if (writing_ || cancelled_) return;
  }
  message_.Clear();
  v1::VerifyLogProgress* progress = message_.mutable_progress();
  progress->set_stage(static_cast<v1::VerifyLogProgress::Stage>(stage));
  progress->set_done(done);
  progress->set_total(total);
  Send();
}

bool VerifyStream::AwaitFree() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](bool* writing) { return !*writing; }, &writing_));
  return !cancelled_;
}

bool VerifyStream::IsCancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

void VerifyStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok) cancelled_ = true;
}

void VerifyStream::OnCancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
}

}  // namespace meso::audit
