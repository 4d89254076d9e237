#include "services/inventory/rpc/import_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/message_bytes.h"
#include "common/rpc/status_to_grpc.h"
#include "services/inventory/rpc/request_parts.h"

namespace meso::inventory {
namespace {

constexpr absl::string_view kMethod = "meso.inventory.v1.InventoryService/ImportStock";
constexpr size_t kChunkMax = 256 << 10;
constexpr int64_t kRowsPerMessage = 2000;

void FillReport(const ImportReport& in, v1::ImportReport* out) {
  out->set_rows(in.rows);
  out->set_imported_rows(in.imported_rows);
  out->set_ampoules(in.ampoules);
  out->set_new_lots(in.new_lots);
  for (const ImportError& error : in.errors) {
    v1::ImportError* to = out->add_errors();
    to->set_row(error.row);
    to->set_column(error.column);
    to->set_code(error.code);
    to->set_description(error.description);
  }
  out->set_error_count(in.error_count);
  out->set_repeated(in.repeated);
}

std::string BytesOf(const ImportReport& report) {
  v1::ImportReport message;
  FillReport(report, &message);
  return ReplyBytes(message);
}

}  // namespace

ImportStream::ImportStream(CallServer& calls, const UseCase& use_case, KnownSites& sites,
                           std::atomic<int>& running, grpc::CallbackServerContext& context)
    : calls_(calls),
      running_(running),
      context_(context),
      use_case_(use_case),
      sites_(sites),
      hash_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  MESO_CHECK(hash_ && EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) == 1, "SHA-256");
  StartRead(&part_);
}

void ImportStream::OnReadDone(bool ok) {
  calls_.RunOnSagaPool([this, ok] {
    if (!begun_) return BeginWith(ok);
    if (ok) return TakePart();
    EndOfFile();
  });
}

void ImportStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  sent_ = true;
  sent_well_ = ok;
}

void ImportStream::OnDone() {
  if (counted_) running_.fetch_sub(1);
  delete this;
}

void ImportStream::BeginWith(bool any) {
  begun_ = true;
  header_ = part_;
  header_.clear_chunk();
  // Without a first part the request is an empty one, and refused as that.
  absl::StatusOr<CallContext> admitted = calls_.Admit(context_, kMethod, header_);
  if (!admitted.ok()) {
    // Admit has recorded it.
    Finish(StatusToGrpc(PublicStatus(admitted.status(), ""), calls_.options().service));
    return;
  }
  call_ = *std::move(admitted);
  const absl::Status opened = Open();
  if (!opened.ok()) return End(opened);
  if (!any) return EndOfFile();
  TakePart();
}

absl::Status ImportStream::Open() {
  FieldErrors errors;
  CheckName("sites/{any}", header_.parent(), "parent", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  counted_ = true;
  if (running_.fetch_add(1) >= kAtOnceMax) return Overloaded(absl::Seconds(1));
  ImportRequest request;
  if (header_.parent() != "sites/-") request.site = SiteName(header_.parent());
  request.opening_balance = header_.opening_balance();
  run_ = std::make_unique<StockImportRun>(
      ImportTools{use_case_, *calls_.options().database, sites_, BytesOf}, request);
  return run_->Begin();
}

void ImportStream::TakePart() {
  const absl::Status taken = Take();
  if (!taken.ok()) return End(taken);
  if (run_->checked_rows() - told_rows_ >= kRowsPerMessage) {
    told_rows_ = run_->checked_rows();
    v1::ImportStockResponse progress;
    progress.set_checked_rows(told_rows_);
    if (!Send(progress)) return End(absl::CancelledError("the caller has gone"));
  }
  StartRead(&part_);
}

absl::Status ImportStream::CheckPart() const {
  FieldErrors errors;
  if (part_.chunk().size() > kChunkMax) {
    errors.Invalid("chunk", absl::StrCat("at most ", kChunkMax, " bytes"));
  }
  const auto same = [](const std::string& later, const std::string& first) {
    return later.empty() || later == first;
  };
  if (!same(part_.parent(), header_.parent())) {
    errors.Invalid("parent", "the first part says which, and others the same or nothing");
  }
  if (!same(part_.request_id(), header_.request_id())) {
    errors.Invalid("request_id", "the first part says which, and others the same or nothing");
  }
  if (part_.opening_balance() && !header_.opening_balance()) {
    errors.Invalid("opening_balance", "the first part did not say it");
  }
  if (part_.validate_only() && !header_.validate_only()) {
    errors.Invalid("validate_only", "the first part did not say it");
  }
  return errors.ToStatus();
}

absl::Status ImportStream::Take() {
  MESO_RETURN_IF_ERROR(CheckPart());
  MESO_CHECK(EVP_DigestUpdate(hash_.get(), part_.chunk().data(), part_.chunk().size()) == 1,
             "SHA-256");
  return run_->Take(call_, part_.chunk());
}

void ImportStream::EndOfFile() {
  absl::StatusOr<v1::ImportReport> report = Import();
  if (!report.ok()) return End(report.status());
  if (!recorded_) {
    const absl::Status recorded = calls_.RecordCall(call_, absl::OkStatus());
    if (!recorded.ok()) return End(recorded);
    recorded_ = true;
  }
  v1::ImportStockResponse last;
  *last.mutable_report() = *std::move(report);
  // If the caller has gone meanwhile, the same request gives it the answer.
  Send(last);
  End(absl::OkStatus());
}

absl::StatusOr<v1::ImportReport> ImportStream::Import() {
  MESO_RETURN_IF_ERROR(run_->End(call_));
  // The end of the file and the end of a broken connection look the same here. But over a stream
  // that broke off nothing can be sent any more: only when this has gone out was it the file's end.
  v1::ImportStockResponse progress;
  progress.set_checked_rows(run_->checked_rows());
  if (!Send(progress)) return absl::CancelledError("the caller has gone");
  unsigned char digest[32];
  unsigned int size = 0;
  MESO_CHECK(EVP_DigestFinal_ex(hash_.get(), digest, &size) == 1, "SHA-256");
  const std::string file_hash(reinterpret_cast<const char*>(digest), size);
  if (!call_.reply_key.request_id.empty()) {
    call_.reply_key.body_hash = Sha256(absl::StrCat(DeterministicBytes(header_), file_hash));
  }
  MESO_ASSIGN_OR_RETURN(const ImportAnswer answer,
                        run_->Apply(
                            call_, file_hash,
                            [this](int64_t rows) {
                              v1::ImportStockResponse written;
                              written.set_written_rows(rows);
                              Send(written);
                            },
                            [this] { return cancelled_.load(std::memory_order_relaxed); }));
  recorded_ = answer.recorded;
  v1::ImportReport report;
  if (answer.stored_reply.empty()) {
    FillReport(answer.report, &report);
  } else if (!report.ParseFromString(answer.stored_reply)) {
    return absl::DataLossError("a kept report can't be read");
  }
  return report;
}

bool ImportStream::Send(const v1::ImportStockResponse& message) {
  {
    absl::MutexLock lock(&mutex_);
    sent_ = sent_well_ = false;
  }
  message_ = message;
  StartWrite(&message_);
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&sent_));
  if (!sent_well_) cancelled_.store(true, std::memory_order_relaxed);
  return sent_well_;
}

void ImportStream::End(const absl::Status& status) {
  absl::Status outcome = PublicStatus(status, call_.correlation_id);
  if (!recorded_) {
    if (run_) {
      ImportReport report;
      report.rows = run_->checked_rows();
      DescribeImport(call_, {SiteName(), header_.opening_balance()}, "", report);
    }
    const absl::Status recorded = calls_.RecordCall(call_, outcome);
    if (outcome.ok() && !recorded.ok()) outcome = recorded;
  }
  Finish(StatusToGrpc(outcome, calls_.options().service));
}

}  // namespace meso::inventory
