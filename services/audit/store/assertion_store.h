// Rows of the assertions: how far each has come, what it waits for, what broke it.
//
// Functions over a Transaction; they decide nothing. Every one of them may also return what the
// Database returns.
#ifndef MESO_SERVICES_AUDIT_STORE_ASSERTION_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_ASSERTION_STORE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/database/database.h"
#include "services/audit/store/grant_store.h"

namespace meso::audit {

// Entries below `evaluated_size` have been held against this version.
struct AssertionProgress {
  int version = 0;
  uint64_t evaluated_size = 0;
};

struct AssertionWait {
  std::string code;
  uint64_t entry = 0;
  absl::Time due_time;
};

struct StoredViolation {
  std::string name;  // violations/{uuid}
  std::string assertion;
  int version = 0;
  uint64_t entry = 0;
  std::vector<uint64_t> related;
  std::string site;
  std::string actor;
  std::string explanation;
  absl::Time entry_time;
  absl::Time find_time;
};

// By code; an assertion that has not begun is not among them.
absl::StatusOr<std::map<std::string, AssertionProgress>> LoadProgress(Transaction& tx);
absl::Status SaveProgress(Transaction& tx, const std::string& code,
                          const AssertionProgress& progress);

absl::Status InsertWait(Transaction& tx, const AssertionWait& wait);
absl::Status DeleteWait(Transaction& tx, const std::string& code, uint64_t entry);
// All of the assertion: it begins anew.
absl::Status DeleteWaits(Transaction& tx, const std::string& code);
// At most `limit` that are due, the longest due first.
absl::StatusOr<std::vector<AssertionWait>> ListDueWaits(Transaction& tx, absl::Time now, int limit);
// When the next one is due; nullopt when none waits.
absl::StatusOr<std::optional<absl::Time>> NextDueTime(Transaction& tx);

// Keeps the violation unless the same entry has broken this version before; then false.
absl::StatusOr<bool> InsertViolation(Transaction& tx, const StoredViolation& violation);
// Violations of each (code, version).
absl::StatusOr<std::map<std::pair<std::string, int>, int64_t>> CountViolations(Transaction& tx);
// With their rows; at `sites` only, unless that is nullopt. FILTER_INVALID; fields: assertion,
// site, actor, entry_time.
absl::StatusOr<std::vector<std::pair<int64_t, StoredViolation>>> ListViolations(
    Transaction& tx, const RowQuery& query, const std::optional<std::set<std::string>>& sites);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_ASSERTION_STORE_H_
