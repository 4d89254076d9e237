#include "services/inventory/rpc/stock_export_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/status_to_grpc.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {
namespace {

constexpr absl::string_view kMethod = "meso.inventory.v1.InventoryService/ExportStock";

absl::StatusOr<ExportQuery> QueryOf(const v1::ExportStockRequest& request) {
  FieldErrors errors;
  CheckName("sites/{any}", request.parent(), "parent", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  ExportQuery query;
  if (request.parent() != "sites/-") query.site = SiteName(request.parent());
  MESO_ASSIGN_OR_RETURN(query.filter, ParseFilter(request.filter(), {"product", "lot"}));
  return query;
}

}  // namespace

StockExportStream::StockExportStream(CallServer& calls, const UseCase& use_case,
                                     std::atomic<int>& running,
                                     grpc::CallbackServerContext& context,
                                     const v1::ExportStockRequest& request)
    : calls_(calls),
      operations_(use_case),
      running_(running),
      context_(context),
      request_(request) {
  calls_.RunOnSagaPool([this] { Begin(); });
}

void StockExportStream::Begin() {
  absl::StatusOr<CallContext> admitted = calls_.Admit(context_, kMethod, request_);
  if (!admitted.ok()) {
    // Admit has recorded it.
    Finish(StatusToGrpc(PublicStatus(admitted.status(), ""), calls_.options().service));
    return;
  }
  call_ = *std::move(admitted);
  const absl::Status written = Write();
  if (!written.ok()) return End(written);
  SendNext();
}

absl::Status StockExportStream::Write() {
  MESO_ASSIGN_OR_RETURN(const ExportQuery query, QueryOf(request_));
  counted_ = true;
  if (running_.fetch_add(1) >= kAtOnceMax) return Overloaded(absl::Seconds(1));
  MESO_RETURN_IF_ERROR(calls_.options().database->Read(
      [&](Transaction& tx) -> absl::Status {
        MESO_ASSIGN_OR_RETURN(exported_, operations_.ExportStock(tx, call_, query));
        return absl::OkStatus();
      },
      call_.deadline));
  call_.audit.facts["rows"] = absl::StrCat(exported_.rows);
  MESO_RETURN_IF_ERROR(calls_.RecordCall(call_, absl::OkStatus()));
  recorded_ = true;
  return absl::OkStatus();
}

void StockExportStream::SendNext() {
  if (exported_.pieces.empty()) return End(absl::OkStatus());
  ExportPiece& piece = exported_.pieces.front();
  message_.set_chunk(std::move(piece.bytes));
  message_.set_rows(piece.rows);
  exported_.pieces.pop_front();
  StartWrite(&message_);
}

void StockExportStream::OnWriteDone(bool ok) {
  // Nothing here waits: it may run on gRPC's own thread.
  if (!ok) return End(absl::CancelledError("the caller has gone"));
  SendNext();
}

void StockExportStream::OnDone() {
  if (counted_) running_.fetch_sub(1);
  delete this;
}

void StockExportStream::End(const absl::Status& status) {
  absl::Status outcome = PublicStatus(status, call_.correlation_id);
  if (!recorded_) {
    const absl::Status recorded = calls_.RecordCall(call_, outcome);
    if (outcome.ok() && !recorded.ok()) outcome = recorded;
  }
  Finish(StatusToGrpc(outcome, calls_.options().service));
}

}  // namespace meso::inventory
