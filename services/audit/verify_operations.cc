#include "services/audit/verify_operations.h"

#include <algorithm>
#include <istream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/audit/stored_bundle.h"
#include "services/audit/stored_rows_check.h"

namespace meso::audit {
namespace {

constexpr absl::Duration kRetryMin = absl::Seconds(1);
constexpr absl::Duration kRetryMax = absl::Minutes(1);
constexpr uint64_t kReportsPerStage = 100;
constexpr double kStages = 3;

// Passes a stage's progress on, at most kReportsPerStage times.
class Stage {
 public:
  using Report = std::function<void(uint64_t done)>;
  Stage(uint64_t total, Report report) : total_(total), report_(std::move(report)) {}

  void Reach(uint64_t done) {
    const uint64_t part = total_ == 0 ? kReportsPerStage : done * kReportsPerStage / total_;
    if (part <= told_ && !(done == total_ && !ended_)) return;
    told_ = part;
    ended_ = done == total_;
    report_(done);
  }

 private:
  const uint64_t total_;
  const Report report_;
  uint64_t told_ = 0;
  bool ended_ = false;
};

void Blame(const RowsProblem& problem, VerifyReport* report) {
  report->ok = false;
  report->problem = problem.problem;
  report->first_bad_index = problem.first;
  report->last_bad_index = problem.last;
}

// What the log says of itself is the result of its verification.
VerifyReport Damaged(const absl::Status& status, uint64_t next, uint64_t size) {
  VerifyReport report;
  report.problem = std::string(status.message());
  if (next < size) {
    report.first_bad_index = next;
    report.last_bad_index = std::min(next + kExportStep, size) - 1;
  }
  return report;
}

}  // namespace

VerifyOperations::Turn::~Turn() {
  absl::MutexLock lock(&operations_.mutex_);
  operations_.running_ = false;
}

absl::StatusOr<std::unique_ptr<VerifyOperations::Turn>> VerifyOperations::TakeTurn() const {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  if (running_) {
    const absl::Duration left =
        reached_ <= 0 ? kRetryMin : (now - begin_) / reached_ - (now - begin_);
    return Overloaded(std::clamp(absl::Trunc(left, absl::Seconds(1)), kRetryMin, kRetryMax));
  }
  running_ = true;
  begin_ = now;
  reached_ = 0;
  return std::unique_ptr<Turn>(new Turn(*this));
}

void VerifyOperations::Reach(VerifyStage stage, uint64_t done, uint64_t total) const {
  const double part = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  absl::MutexLock lock(&mutex_);
  reached_ = (static_cast<double>(static_cast<int>(stage) - 1) + part) / kStages;
}

absl::StatusOr<VerifyReport> VerifyOperations::Verify(const Turn&, absl::Time deadline,
                                                      const Watcher& watcher) const {
  StoredBundle stored(database_, audit_.vault(), deadline, watcher.cancelled);
  const absl::Status opened = stored.Open(clock_.Now());
  if (absl::IsDataLoss(opened)) return Damaged(opened, 0, 0);
  MESO_RETURN_IF_ERROR(opened);
  const uint64_t total = stored.newest().size;
  const auto stage_of = [&](VerifyStage stage) {
    return Stage(total, [this, stage, total, &watcher](uint64_t done) {
      Reach(stage, done, total);
      watcher.progress(stage, done, total);
    });
  };
  VerifyOptions options;
  options.keys = audit_.verifiers();
  options.keys.insert(options.keys.end(), stored.keys().begin(), stored.keys().end());
  Stage entries = stage_of(VerifyStage::kEntries);
  options.progress = [&entries](uint64_t done, uint64_t) { entries.Reach(done); };
  std::istream in(&stored);
  VerifyReport report = VerifyBundle(in, options);
  if (absl::IsDataLoss(stored.status())) return Damaged(stored.status(), stored.next(), total);
  MESO_RETURN_IF_ERROR(stored.status());
  if (!report.ok) return report;

  StoredRowsCheck rows(database_, total, deadline);
  const auto going_on = [&watcher](Stage& stage) {
    return [&watcher, &stage](uint64_t done) {
      if (watcher.cancelled()) return false;
      stage.Reach(done);
      return true;
    };
  };
  Stage pages = stage_of(VerifyStage::kKeyIndex);
  MESO_ASSIGN_OR_RETURN(std::optional<RowsProblem> problem, rows.CheckIndexPages(going_on(pages)));
  if (!problem) {
    Stage search = stage_of(VerifyStage::kSearchIndex);
    MESO_ASSIGN_OR_RETURN(problem, rows.CheckSearchRows(going_on(search)));
  }
  if (watcher.cancelled()) return absl::CancelledError("the caller has gone");
  if (problem) Blame(*problem, &report);
  return report;
}

}  // namespace meso::audit
