// Making the key index anew from the entries of a whole log, to hold it against the one the log
// signed: an index that hides an entry is found here.
//
// The verifier gives every entry's keys in order; a thread of its own sorts and hashes them, so
// that it takes the second core. Memory is that of one run: per distinct key its bytes and about
// 100 more, per key of an entry 12. Runs are merged by 16 from 256 entries up, so a log of 10
// million entries has runs of a million at most: about 200 MB with five keys per entry, half of
// them new. Add and Finish belong to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_INDEX_DERIVATION_H_
#define MESO_SERVICES_AUDIT_DOMAIN_INDEX_DERIVATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "services/audit/domain/key_index.h"
#include "services/audit/domain/leaf_view.h"

namespace meso::audit {

class IndexDerivation {
 public:
  // `runs` cover the log (RunsCover).
  explicit IndexDerivation(std::vector<IndexRun> runs);
  ~IndexDerivation();
  IndexDerivation(const IndexDerivation&) = delete;
  IndexDerivation& operator=(const IndexDerivation&) = delete;

  // The keys of the next entry. Waits while the thread is far behind.
  void Add(uint64_t index, const std::vector<KeyView>& keys);
  // After the last entry: the place of the first run that is not what the entries make it, or
  // nothing.
  std::optional<size_t> Finish();

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_INDEX_DERIVATION_H_
