// The rows of declared restores: openings of new origins, and the gaps of sources they explain.
//
// Functions over a Transaction; they keep and find, decide nothing. Errors are those of the
// Database. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_ORIGIN_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_ORIGIN_STORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"

namespace meso::audit {

struct StoredOrigin {
  uint64_t entry_index = 0;  // of the entry that opened it
  std::string origin;
};

// Ascending; the log's first origin has no row.
absl::StatusOr<std::vector<StoredOrigin>> ListOrigins(Transaction& tx);
absl::StatusOr<std::optional<StoredOrigin>> LoadNewestOrigin(Transaction& tx);
absl::Status InsertOrigin(Transaction& tx, const StoredOrigin& origin);

struct StoredGap {
  int64_t source_id = 0;
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t opening_index = 0;
};
absl::Status InsertSourceGap(Transaction& tx, const StoredGap& gap);
// By source, ascending: first and last number of each.
absl::StatusOr<std::map<int64_t, std::vector<std::pair<uint64_t, uint64_t>>>> ListSourceGaps(
    Transaction& tx);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_ORIGIN_STORE_H_
