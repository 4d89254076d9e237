// What VerifyLog asks of stored rows that no bundle holds: the pages of the key index are those its
// runs were cut into, and the rows and pages by which lists, timelines and sources are searched say
// what the entries say.
//
// Entries and runs have been verified before (verify_operations.h). Each step is one short read;
// runs that are merged meanwhile are taken up in their new form. Belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_STORED_ROWS_CHECK_H_
#define MESO_SERVICES_AUDIT_STORED_ROWS_CHECK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/database/database.h"
#include "services/audit/domain/index_page.h"
#include "services/audit/domain/search_page.h"
#include "services/audit/store/key_index_store.h"
#include "services/audit/store/source_store.h"
#include "services/audit/store/verify_store.h"

namespace meso::audit {

// What is wrong, and among which entries.
struct RowsProblem {
  std::string problem;
  std::optional<uint64_t> first;
  std::optional<uint64_t> last;
};

class StoredRowsCheck {
 public:
  // Returns false to end early.
  using Progress = std::function<bool(uint64_t done)>;

  StoredRowsCheck(Database& database, uint64_t tree_size, absl::Time deadline)
      : database_(database), tree_size_(tree_size), deadline_(deadline) {}

  // Unset: nothing is wrong, or `progress` ended it. Errors: those of the database.
  absl::StatusOr<std::optional<RowsProblem>> CheckIndexPages(const Progress& progress);
  absl::StatusOr<std::optional<RowsProblem>> CheckSearchRows(const Progress& progress);

 private:
  class RunCheck;
  struct PageStep;
  struct SegmentCheck;

  // The next pages of the run under way, or the first of the one that covers `at`.
  absl::Status LoadPages(Transaction& tx, uint64_t at, const RunCheck* under_way,
                         PageStep* step) const;
  absl::Status CheckSegment(Transaction& tx, uint64_t segment, SegmentCheck* check) const;
  // `keys`: all the run's.
  absl::Status CheckSearchPages(Transaction& tx, uint64_t run, const std::vector<SearchKey>& keys,
                                std::optional<RowsProblem>* problem) const;
  absl::Status CheckSourceEnds(Transaction& tx, SegmentCheck* check) const;
  // Rows of entries that are not there, which would be believed once they are.
  absl::Status CheckNothingAhead(Transaction& tx, SegmentCheck* check) const;

  Database& database_;
  const uint64_t tree_size_;
  const absl::Time deadline_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORED_ROWS_CHECK_H_
