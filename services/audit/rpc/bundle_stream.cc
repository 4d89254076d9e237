#include "services/audit/rpc/bundle_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rpc/status_to_grpc.h"

namespace meso::audit {
namespace {

constexpr size_t kChunkSize = 256 << 10;

}  // namespace

void BundleStream::Start() {
  calls_.RunOnSagaPool([this] { Begin(); });
}

void BundleStream::Begin() {
  absl::StatusOr<CallContext> admitted = calls_.Admit(context_, method_, request_);
  if (!admitted.ok()) {
    // Admit has recorded it.
    Finish(StatusToGrpc(PublicStatus(admitted.status(), ""), calls_.options().service));
    return;
  }
  call_ = *std::move(admitted);
  const absl::Status opened = OpenAndRecord();
  if (!opened.ok()) return End(opened);
  Pump();
}

absl::Status BundleStream::OpenAndRecord() {
  MESO_RETURN_IF_ERROR(calls_.options().database->Read([this](Transaction& tx) { return Open(tx); },
                                                       call_.deadline));
  opened_ = true;
  call_.audit.facts["stage"] = "begin";
  return calls_.RecordCall(call_, absl::OkStatus());
}

void BundleStream::Pump() {
  const absl::Status filled = Fill();
  if (!filled.ok() || buffer_.empty()) return End(filled);
  WriteChunk();
}

absl::Status BundleStream::Fill() {
  buffer_.clear();
  sent_ = 0;
  while (!done() && writer().size() < kChunkSize) {
    if (cancelled_.load(std::memory_order_relaxed)) {
      return absl::CancelledError("the caller has gone");
    }
    MESO_RETURN_IF_ERROR(calls_.options().database->Read(
        [this](Transaction& tx) { return ReadStep(tx); }, call_.deadline));
    MESO_RETURN_IF_ERROR(WriteStep());
  }
  buffer_ = writer().Take();
  return absl::OkStatus();
}

absl::Status BundleStream::RecordPart() {
  call_.audit.facts["stage"] = "part";
  call_.audit.facts["entries"] = absl::StrCat(entries());
  return calls_.RecordCall(call_, absl::OkStatus());
}

void BundleStream::WriteChunk() {
  const size_t size = std::min(kChunkSize, buffer_.size() - sent_);
  message_.set_chunk(buffer_.data() + sent_, size);
  sent_ += size;
  StartWrite(&message_);
}

void BundleStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_.store(true, std::memory_order_relaxed);
  calls_.RunOnSagaPool([this] {
    if (cancelled_.load(std::memory_order_relaxed)) {
      return End(absl::CancelledError("the caller has gone"));
    }
    if (sent_ < buffer_.size()) return WriteChunk();
    Pump();
  });
}

void BundleStream::End(const absl::Status& status) {
  absl::Status outcome = PublicStatus(status, call_.correlation_id);
  if (opened_) {
    call_.audit.facts["stage"] = "end";
    call_.audit.facts["entries"] = absl::StrCat(entries());
  }
  const absl::Status recorded = calls_.RecordCall(call_, outcome);
  if (outcome.ok() && !recorded.ok()) outcome = recorded;
  Finish(StatusToGrpc(outcome, calls_.options().service));
}

}  // namespace meso::audit
