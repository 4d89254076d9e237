// Declared restores: whether the log that is there at start is the one that was signed, and how a
// new origin is opened when it is not.
//
// Called by the app before anything is served. What somebody remembers of the log is held against
// the stored leaves, not against the stored checkpoints: a note is remembered before the
// transaction of its signature is durable, but after its leaves are. Holds no state; thread-safe.
#ifndef MESO_SERVICES_AUDIT_ORIGIN_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_ORIGIN_OPERATIONS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/database/audit_outbox.h"
#include "common/database/database.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/log_opening.h"

namespace meso::audit {

// A checkpoint remembered outside of the database.
struct RememberedNote {
  std::string flag;  // that named its file
  std::string path;
  std::string note;
  bool own = false;  // the service's own memory; else handed over by somebody
};

class OriginOperations {
 public:
  // Appends records of this service's own outbox to the log, as its relay does later on.
  using AppendOwn = std::function<absl::StatusOr<AppendResult>(Transaction& tx,
                                                               std::vector<AuditRecord> records)>;
  // Both outlive it.
  OriginOperations(const AuditOperations& audit, const Clock& clock, AppendOwn append_own)
      : audit_(audit), clock_(clock), append_own_(std::move(append_own)) {}

  // Judges the start; changes nothing. Unset: the log holds all that is remembered, open it. Set:
  // it does not, and `open_new_origin` declares that: OpenNewOrigin with this. Errors, in one
  // sentence: FAILED_PRECONDITION when something is lost or changed and nobody declared it, or when
  // it can't be declared so; TREE_INCONSISTENT.
  absl::StatusOr<std::optional<LogOpening>> JudgeStart(Transaction& tx,
                                                       const std::vector<RememberedNote>& notes,
                                                       bool open_new_origin) const;

  // Appends the entry that opens the new origin, behind what waits of the service's own. All of it
  // is in `tx`, or nothing.
  absl::Status OpenNewOrigin(Transaction& tx, LogOpening opening) const;

 private:
  const AuditOperations& audit_;
  const Clock& clock_;
  const AppendOwn append_own_;
};

// The openings of the log below `tree_size`, as their entries have them. Errors: LEAF_MISMATCH,
// TREE_INCONSISTENT.
absl::StatusOr<std::vector<LogOpening>> LoadOpenings(Transaction& tx, uint64_t tree_size);
// Their records for a bundle of the tree of that size. A damaged log gives records that prove
// nothing: the verifier shall see it.
absl::StatusOr<std::vector<BundleEntry>> OpeningRecords(Transaction& tx, uint64_t tree_size);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_ORIGIN_OPERATIONS_H_
