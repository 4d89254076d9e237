#include "services/audit/key_search.h"

#include <algorithm>
#include <utility>

#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/store/audit_store.h"
#include "services/audit/store/search_store.h"
#include "services/audit/store/verify_store.h"

namespace meso::audit {
namespace {

constexpr size_t kPagesPerStep = 16;
static_assert(kSearchRunSize % kKeySegmentSize == 0, "a run ends with a segment");

// The run's keys in the order of its pages.
absl::StatusOr<std::vector<SearchKey>> ReadRun(Database& database, uint64_t run,
                                               const std::function<bool()>& stopping) {
  constexpr uint64_t kSegments = kSearchRunSize / kKeySegmentSize;
  std::vector<SearchKey> keys;
  for (uint64_t segment = run * kSegments; segment < (run + 1) * kSegments; ++segment) {
    if (stopping()) return absl::CancelledError("the service stops");
    std::vector<std::pair<uint64_t, int64_t>> rows;
    MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(rows, ListSearchKeys(tx, segment));
      return absl::OkStatus();
    }));
    for (const auto& [entry, key] : rows) keys.emplace_back(key, entry);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> KeySearch::Next() {
  if (!runs_) {
    MESO_ASSIGN_OR_RETURN(runs_, ListSearchRuns(tx_));
  }
  while (end_ > 0) {
    MESO_ASSIGN_OR_RETURN(std::vector<uint64_t> found, Look());
    if (!found.empty()) return found;
  }
  return std::vector<uint64_t>();
}

absl::StatusOr<std::vector<uint64_t>> KeySearch::Look() {
  const uint64_t run = (end_ - 1) / kSearchRunSize;
  if (std::binary_search(runs_->begin(), runs_->end(), run)) {
    absl::StatusOr<std::vector<uint64_t>> found = LookIntoPage(run);
    if (found.ok()) end_ = run * kSearchRunSize;
    if (!absl::IsDataLoss(found.status())) return found;
    Log(Severity::kError, "a search page is damaged, the rows are searched",
        {{"why", std::string(found.status().message())}});
    runs_->erase(std::lower_bound(runs_->begin(), runs_->end(), run));
  }
  const uint64_t segment = (end_ - 1) / kKeySegmentSize;
  const uint64_t before = std::exchange(end_, segment * kKeySegmentSize);
  return ListKeySegment(tx_, segment, key_, before);
}

absl::StatusOr<std::vector<uint64_t>> KeySearch::LookIntoPage(uint64_t run) {
  MESO_ASSIGN_OR_RETURN(const std::optional<SearchPage> page, FindSearchPage(tx_, run, key_));
  if (!page) return TreeInconsistent("the first page of a run of the search index is missing");
  MESO_ASSIGN_OR_RETURN(std::vector<uint64_t> found, FindInSearchPage(*page, key_, hasher_));
  found.erase(std::lower_bound(found.begin(), found.end(), end_), found.end());
  std::reverse(found.begin(), found.end());
  return found;
}

absl::StatusOr<bool> BuildSearchRun(Database& database, const std::function<bool()>& stopping) {
  uint64_t run = 0;
  bool is_full = false;
  MESO_RETURN_IF_ERROR(database.Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> runs, ListSearchRuns(tx));
    MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
    run = 0;
    while (run < runs.size() && runs[run] == run) ++run;
    is_full = size >= (run + 1) * kSearchRunSize;
    return absl::OkStatus();
  }));
  if (!is_full) return false;
  MESO_ASSIGN_OR_RETURN(const std::vector<SearchKey> keys, ReadRun(database, run, stopping));
  Hasher hasher;
  const std::vector<SearchPage> pages = MakeSearchPages(run, keys, hasher);
  for (size_t at = 0; at < pages.size(); at += kPagesPerStep) {
    if (stopping()) return absl::CancelledError("the service stops");
    bool goes_on = true;
    MESO_RETURN_IF_ERROR(database.Transact([&](Transaction& tx) -> absl::Status {
      if (at == 0) MESO_RETURN_IF_ERROR(DeleteSearchRun(tx, run));
      MESO_ASSIGN_OR_RETURN(const uint64_t written, CountSearchPages(tx, run));
      goes_on = written == at;
      if (!goes_on) return absl::OkStatus();
      const size_t end = std::min(pages.size(), at + kPagesPerStep);
      for (size_t i = at; i < end; ++i) MESO_RETURN_IF_ERROR(InsertSearchPage(tx, pages[i]));
      return absl::OkStatus();
    }));
    if (!goes_on) return true;  // somebody has deleted pages: begin anew
    MESO_FAILPOINT("audit.search_step");
  }
  return true;
}

}  // namespace meso::audit
