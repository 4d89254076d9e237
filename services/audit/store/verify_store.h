// Rows as VerifyLog reads them: whole stretches of what other reads look up one by one.
//
// Functions over a Transaction; they find, decide nothing and check nothing. Errors are those of
// the Database. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_VERIFY_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_VERIFY_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"

namespace meso::audit {

// The search index of one segment: (entry, key), ascending.
absl::StatusOr<std::vector<std::pair<uint64_t, int64_t>>> ListSearchKeys(Transaction& tx,
                                                                         uint64_t segment);
// The places of a source's entries [first, last]: (number, entry), ascending.
absl::StatusOr<std::vector<std::pair<uint64_t, uint64_t>>> ListSourcePlaces(Transaction& tx,
                                                                            int64_t source_id,
                                                                            uint64_t first,
                                                                            uint64_t last);
// The span of times kept for a block; unset when there is no row.
absl::StatusOr<std::optional<std::pair<int64_t, int64_t>>> LoadTimeSpan(Transaction& tx,
                                                                        uint64_t block);

// Upper tree rows of leaves from `begin` on.
absl::StatusOr<uint64_t> CountUpperRows(Transaction& tx, uint64_t begin);

// A page of the key index with everything it is found and proven by.
struct WholePage {
  uint64_t number = 0;
  std::string first_key;
  std::string hashes;
  std::string body;
};
// At most `limit` pages of the run from `number` on.
absl::StatusOr<std::vector<WholePage>> ListWholePages(Transaction& tx, int64_t run_id,
                                                      uint64_t number, int limit);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_VERIFY_STORE_H_
