// The pages of the search index (domain/search_page.h), and where a run of them is complete.
//
// Functions over a Transaction, as in audit_store.h. Errors are those of the Database. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_SEARCH_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_SEARCH_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/domain/search_page.h"

namespace meso::audit {

// The runs whose last page is there and whose entries are all in the log, ascending.
absl::StatusOr<std::vector<uint64_t>> ListSearchRuns(Transaction& tx);
// Runs with a last page but without all of their entries: nobody has made them, so they hide some.
absl::StatusOr<bool> HasForeignSearchRuns(Transaction& tx);
absl::StatusOr<uint64_t> CountSearchPages(Transaction& tx, uint64_t run);
absl::Status InsertSearchPage(Transaction& tx, const SearchPage& page);
// Deletes the pages of a run.
absl::Status DeleteSearchRun(Transaction& tx, uint64_t run);
// The last page of the run that begins at or before the key; nullopt when there is none.
absl::StatusOr<std::optional<SearchPage>> FindSearchPage(Transaction& tx, uint64_t run,
                                                         int64_t key);
// All pages of a run, in order.
absl::StatusOr<std::vector<SearchPage>> ListSearchPages(Transaction& tx, uint64_t run);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_SEARCH_STORE_H_
