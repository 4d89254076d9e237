// A run of the key index cut into pages, the form in which it is stored: 64 keys each, in order,
// with the run's first key of each page to find it by.
//
// A page of 64 leaves is a complete subtree of the run's tree (the last page its right end), so the
// pages' roots are themselves the leaves of a tree with the same root; each page keeps its root and
// the nodes it completes, as a row of merkle_tree.h. A path is then the path within one page and a
// node per level above. Long postings are kept apart, so that reading a page stays cheap. None of
// this is visible in proofs: the layout may change, the trees may not. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_INDEX_PAGE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_INDEX_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/audit/domain/key_index.h"

namespace meso::audit {

// A power of two, so that a page is a subtree.
inline constexpr uint64_t kIndexPageKeys = 64;
// Longer postings are kept apart.
inline constexpr size_t kInlinePostingsMax = 256;

// A key as its page holds it.
struct PageKey {
  Hash key = {};
  uint64_t count = 0;
  std::string postings;        // empty when they are apart
  std::optional<Hash> digest;  // of postings kept apart
};

// The leaf of the run's tree.
std::string IndexLeafBytes(const PageKey& key, Hasher& hasher);

struct IndexPage {
  uint64_t number = 0;  // within its run
  Hash first_key = {};
  std::string hashes;  // row of the tree over the pages' roots
  std::string body;
  struct Apart {
    uint64_t place = 0;  // of the key among the run's
    std::string postings;
  };
  std::vector<Apart> apart;

  // About what it weighs in the store.
  size_t Size() const;
};

// The keys in a page's body; nullopt when it is not one that RunPager writes.
std::optional<std::vector<PageKey>> DecodePage(absl::string_view body);

// Cuts a run's keys into pages as they come.
class RunPager {
 public:
  explicit RunPager(Hasher& hasher) : hasher_(&hasher), tree_(hasher) {}

  // The next key. Precondition: they ascend.
  void Add(const RunKey& key);
  // The run [begin, end) with all keys added. Nothing may be added after it.
  IndexRun Finish(uint64_t begin, uint64_t end);
  // The pages completed since the last Take (after Finish all), and what they weigh.
  std::vector<IndexPage> Take();
  size_t size() const { return size_; }

 private:
  void ClosePage();

  Hasher* hasher_;
  Tree tree_;  // over the pages' roots
  uint64_t keys_ = 0;
  IndexPage page_;
  std::vector<Hash> leaves_;  // of page_
  std::vector<IndexPage> done_;
  size_t size_ = 0;
};

// Pages in a run of so many keys.
inline uint64_t PagesOf(uint64_t keys) { return (keys + kIndexPageKeys - 1) / kIndexPageKeys; }

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_INDEX_PAGE_H_
