// Finding the entries under a key of the search index, newest first, and making its pages.
//
// Old entries are found in pages, one look for each kSearchRunSize entries, the newest in rows, one
// for each kKeySegmentSize. Where a page is damaged the rows are looked at instead, and the log of
// the service says so. Used by lists, timelines and assertions, which all stop early. Two values
// may share a key: who searches looks at the entries.
#ifndef MESO_SERVICES_AUDIT_KEY_SEARCH_H_
#define MESO_SERVICES_AUDIT_KEY_SEARCH_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/domain/hash.h"

namespace meso::audit {

// Valid as long as the transaction; belongs to one thread.
class KeySearch {
 public:
  // Of the entries below `before`.
  KeySearch(Transaction& tx, int64_t key, uint64_t before) : tx_(tx), key_(key), end_(before) {}

  // The next entries, newest first; none once there are no more.
  absl::StatusOr<std::vector<uint64_t>> Next();

 private:
  // Looks into the part that ends at end_, and moves before it.
  absl::StatusOr<std::vector<uint64_t>> Look();
  absl::StatusOr<std::vector<uint64_t>> LookIntoPage(uint64_t run);

  Transaction& tx_;
  const int64_t key_;
  uint64_t end_;
  std::optional<std::vector<uint64_t>> runs_;  // that have pages; unset before the first look
  Hasher hasher_;
};

// Writes the pages of the first run that has none, when all of its entries are there; true when it
// did something. Reads and writes in steps of a few milliseconds; what was left unfinished before,
// or was deleted meanwhile, is begun anew. Ends early, with CANCELLED, when `stopping`.
absl::StatusOr<bool> BuildSearchRun(Database& database, const std::function<bool()>& stopping);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_KEY_SEARCH_H_
