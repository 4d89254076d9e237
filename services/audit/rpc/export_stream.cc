#include "services/audit/rpc/export_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rpc/status_to_grpc.h"
#include "services/audit/rpc/audit_convert.h"

namespace meso::audit {
namespace {

constexpr absl::string_view kMethod = "meso.audit.v1.AuditService/ExportEntries";
constexpr size_t kChunkSize = 256 << 10;

}  // namespace

ExportStream::ExportStream(CallServer& calls, const AuditOperations& operations,
                           grpc::CallbackServerContext& context,
                           const v1::ExportEntriesRequest& request)
    : calls_(calls), operations_(operations), context_(context), request_(request) {
  calls_.RunOnSagaPool([this] { Begin(); });
}

void ExportStream::Begin() {
  absl::StatusOr<CallContext> admitted = calls_.Admit(context_, kMethod, request_);
  if (!admitted.ok()) {
    // Admit has recorded it.
    Finish(StatusToGrpc(PublicStatus(admitted.status(), ""), calls_.options().service));
    return;
  }
  call_ = *std::move(admitted);
  const absl::Status opened = Open();
  if (!opened.ok()) return End(opened);
  Pump();
}

absl::Status ExportStream::Open() {
  MESO_ASSIGN_OR_RETURN(const ExportRequest request, FromProto(request_));
  MESO_RETURN_IF_ERROR(calls_.options().database->Read(
      [&](Transaction& tx) -> absl::Status {
        MESO_ASSIGN_OR_RETURN(run_, operations_.BeginExport(tx, call_, request));
        return absl::OkStatus();
      },
      call_.deadline));
  call_.audit.facts["stage"] = "begin";
  return calls_.RecordCall(call_, absl::OkStatus());
}

void ExportStream::Pump() {
  const absl::Status filled = Fill();
  if (!filled.ok() || buffer_.empty()) return End(filled);
  WriteChunk();
}

absl::Status ExportStream::Fill() {
  buffer_.clear();
  sent_ = 0;
  while (!run_->done && run_->size() < kChunkSize) {
    if (cancelled_.load(std::memory_order_relaxed)) {
      return absl::CancelledError("the caller has gone");
    }
    ExportStep step;
    MESO_RETURN_IF_ERROR(calls_.options().database->Read(
        [&](Transaction& tx) -> absl::Status {
          MESO_ASSIGN_OR_RETURN(step, operations_.ReadExportStep(tx, *run_));
          return absl::OkStatus();
        },
        call_.deadline));
    MESO_RETURN_IF_ERROR(AuditOperations::WriteExportStep(
        call_, std::move(step), [this] { return RecordPart(); }, run_.get()));
  }
  buffer_ = run_->Take();
  return absl::OkStatus();
}

absl::Status ExportStream::RecordPart() {
  call_.audit.facts["stage"] = "part";
  call_.audit.facts["entries"] = absl::StrCat(run_->entries);
  return calls_.RecordCall(call_, absl::OkStatus());
}

void ExportStream::WriteChunk() {
  const size_t size = std::min(kChunkSize, buffer_.size() - sent_);
  message_.set_chunk(buffer_.data() + sent_, size);
  sent_ += size;
  StartWrite(&message_);
}

void ExportStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_.store(true, std::memory_order_relaxed);
  calls_.RunOnSagaPool([this] {
    if (cancelled_.load(std::memory_order_relaxed)) {
      return End(absl::CancelledError("the caller has gone"));
    }
    if (sent_ < buffer_.size()) return WriteChunk();
    Pump();
  });
}

void ExportStream::End(const absl::Status& status) {
  absl::Status outcome = PublicStatus(status, call_.correlation_id);
  if (run_ != nullptr) {
    call_.audit.facts["stage"] = "end";
    call_.audit.facts["entries"] = absl::StrCat(run_->entries);
  }
  const absl::Status recorded = calls_.RecordCall(call_, outcome);
  if (outcome.ok() && !recorded.ok()) outcome = recorded;
  Finish(StatusToGrpc(outcome, calls_.options().service));
}

}  // namespace meso::audit
