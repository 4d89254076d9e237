#include "tests/bench/audit_log_bench.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/database/migrator.h"
#include "generated/audit_migrations.h"
#include "tests/bench/stock_database.h"

namespace meso {
namespace {

constexpr char kEpoch[] = "0198f2c4-0000-7000-8000-000000000001";
// The same at every opening of a log.
constexpr char kMasterKey[] = "7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b";
constexpr int kBatch = 1000;
constexpr uint64_t kFillStep = 50000;  // entries to a commit
constexpr uint64_t kActors = 40;
constexpr uint64_t kSites = 20;
constexpr uint64_t kLots = 400;
constexpr uint64_t kEntriesOfPatient = 50;  // a patient stands in every other entry
constexpr uint64_t kEntriesOfAppointment = 8;

// Numbers without an order.
uint64_t Mixed(uint64_t n) { return (n * 0x9e3779b97f4a7c15U) >> 20; }

void Must(const absl::Status& status) {
  MESO_CHECK(status.ok(), std::string(status.message()).c_str());
}

}  // namespace

AuditLogBench::AuditLogBench(const std::string& file, uint64_t planned)
    : planned_(planned),
      ids_(clock_),
      vault_(*audit::PayloadMasterKeys::Parse(kMasterKey)),
      database_(OpenForBench(file, clock_)) {
  Must(Migrate(*database_, "audit", AuditMigrations(), ids_));
  operations_ = std::make_unique<audit::AuditOperations>(
      clock_, *audit::PseudonymKey::Parse(audit::PseudonymKey::NewText()),
      *audit::NewSigningKey("meso.bench/audit"), salts_, vault_);
  Must(database_->Transact([this](Transaction& tx) -> absl::Status {
    MESO_RETURN_IF_ERROR(vault_.Open(tx));
    return operations_->OpenLog(tx);
  }));
  prove_ = std::make_unique<audit::ProveOperations>(clock_, *operations_);
  index_ = std::make_unique<audit::KeyIndexKeeper>(*database_);
  auditor_.caller.subject = "users/auditor";
  auditor_.caller.roles["compliance_auditor"] = {"*"};
  auditor_.allowed_roles = {"compliance_auditor"};
}

std::string AuditLogBench::PatientOf(uint64_t index) const {
  const uint64_t patients = std::max<uint64_t>(1, planned_ / 2 / kEntriesOfPatient);
  return absl::StrFormat("patients/PT-%07d", Mixed(index) % patients);
}

audit::Draft AuditLogBench::DraftOf(uint64_t sequence) const {
  const uint64_t index = sequence - 1;
  const std::string site = absl::StrCat("sites/s-", Mixed(index / 3) % kSites);
  audit::Draft draft;
  draft.sequence = sequence;
  draft.time_ns = 1'767'225'600'000'000'000 + static_cast<int64_t>(sequence) * 1'000'000'007;
  draft.site = site;
  draft.actor = {"services/scheduling", {"service"}, ""};
  draft.on_behalf_of =
      audit::Actor{absl::StrCat("users/u-", Mixed(index) % kActors), {"front_desk"}, ""};
  draft.client_address = "10.1.2.3:50001";
  draft.request_id = absl::StrFormat("0198f2c4-0000-4000-8000-%012x", sequence);
  draft.correlation_id = absl::StrFormat("0198f2c4-0001-4000-8000-%012x", index / 4);
  draft.method = "/meso.scheduling.v1.SchedulingService/BookAppointment";
  draft.action = audit::Action::kCreate;
  draft.purpose = "TREAT";
  draft.facts = {{"quantity", absl::StrCat(index % 7)}};
  if (index % 4 != 3) {
    const uint64_t appointments = std::max<uint64_t>(1, planned_ / kEntriesOfAppointment);
    const std::string appointment = absl::StrFormat("%s/appointments/0198f2c4-0002-7000-8000-%012x",
                                                    site, Mixed(index + 7) % appointments);
    draft.object = {"Appointment", appointment, 3};
    draft.keys.push_back({audit::KeyKind::kAppointment, appointment});
  }
  if (index % 4 == 0) {
    draft.keys.push_back({audit::KeyKind::kLot,
                          absl::StrFormat("lots/0198f2c4-0003-7000-8000-%012x", index % kLots)});
  }
  if (index % 2 == 0) draft.keys.push_back({audit::KeyKind::kPatient, PatientOf(index)});
  return draft;
}

audit::Batch AuditLogBench::BatchFrom(uint64_t first, int count) const {
  audit::Batch batch{"scheduling", kEpoch, {}};
  batch.drafts.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    batch.drafts.push_back(DraftOf(first + static_cast<uint64_t>(i)));
  }
  return batch;
}

absl::Status AuditLogBench::AppendOne(Transaction& tx, uint64_t first, int count) {
  return operations_->Append(tx, BatchFrom(first, count)).status();
}

void AuditLogBench::FillTo(uint64_t size) {
  while (size_ + 1 < size) {
    const uint64_t end = std::min(size - 1, size_ + kFillStep);
    Must(database_->Transact([&](Transaction& tx) -> absl::Status {
      for (uint64_t at = size_; at < end;) {
        const int count = static_cast<int>(std::min<uint64_t>(kBatch, end - at));
        MESO_RETURN_IF_ERROR(AppendOne(tx, at + 1, count));
        at += static_cast<uint64_t>(count);
      }
      return absl::OkStatus();
    }));
    size_ = end;
  }
  Sign();
  Settle();
  // A size is signed once: with one entry more the merged runs are.
  Must(database_->Transact([this](Transaction& tx) { return AppendOne(tx, size_ + 1, 1); }));
  ++size_;
  Sign();
}

double AuditLogBench::AppendSeconds(int count, int batch) {
  std::vector<audit::Batch> batches;
  for (int at = 0; at < count; at += batch) {
    batches.push_back(BatchFrom(size_ + static_cast<uint64_t>(at) + 1, batch));
  }
  const auto begin = std::chrono::steady_clock::now();
  for (const audit::Batch& one : batches) {
    Must(database_->Transact(
        [&](Transaction& tx) { return operations_->Append(tx, one).status(); }));
    size_ += one.drafts.size();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void AuditLogBench::Sign() {
  Must(index_->Build(UINT64_MAX).status());
  Must(database_->Transact([this](Transaction& tx) { return operations_->SignCheckpoint(tx); }));
}

void AuditLogBench::Settle() {
  for (bool more = true; more;) {
    const absl::StatusOr<bool> merged = index_->Merge();
    Must(merged.status());
    more = *merged;
  }
  for (bool more = true; more;) {
    const absl::StatusOr<bool> made = audit::BuildSearchRun(*database_, [] { return false; });
    Must(made.status());
    more = *made;
  }
}

}  // namespace meso
