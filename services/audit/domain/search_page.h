// Pages of the search index: where the entries under a key are, in the form in which old parts of
// it are stored.
//
// The newest entries' keys are rows of their own, in segments (audit_store.h). A run of
// kSearchRunSize entries is put down once more as pages, sorted by key, so that a search looks into
// one page of each run and not into each segment. A run's pages divide all possible keys between
// them, and each carries a digest of itself and of its borders: a page that was altered, moved or
// taken out can't silently answer "nothing". They are made from the rows and may be dropped; then
// the rows are searched until they are made again. Proofs don't rest on them. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_SEARCH_PAGE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_SEARCH_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/audit/domain/hash.h"

namespace meso::audit {

// Run r is of the entries [r * kSearchRunSize, (r + 1) * kSearchRunSize).
inline constexpr uint64_t kSearchRunSize = 65536;
// A page ends with the key that takes it over this: with its row it fits a page of the database.
inline constexpr size_t kSearchPageBytes = 3600;

struct SearchPage {
  uint64_t run = 0;
  int64_t first_key = 0;  // of the keys it is responsible for; the least there is on the first
  std::optional<int64_t> end_key;  // where the next page begins; unset on the run's last
  Hash digest = {};
  std::string body;

  friend bool operator==(const SearchPage& a, const SearchPage& b) {
    return a.run == b.run && a.first_key == b.first_key && a.end_key == b.end_key &&
           a.digest == b.digest && a.body == b.body;
  }
};

// A key and an entry that has it.
using SearchKey = std::pair<int64_t, uint64_t>;

// The run's pages in order, at least one. Precondition: `keys` are all the run's, ascending, none
// twice.
std::vector<SearchPage> MakeSearchPages(uint64_t run, const std::vector<SearchKey>& keys,
                                        Hasher& hasher);

// The entries under the key, ascending. TREE_INCONSISTENT when the page is not as it was made, or
// is not the one responsible for the key.
absl::StatusOr<std::vector<uint64_t>> FindInSearchPage(const SearchPage& page, int64_t key,
                                                       Hasher& hasher);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_SEARCH_PAGE_H_
