// Holding the assertions against the log, in steps that a crash neither loses nor repeats, and
// showing what was found.
//
// A step judges some entries on a snapshot, then writes what it found and how far it has come in
// one transaction: rows, events and entries of the violations, the waits of entries whose judgement
// is not final. One thread steps (assertion_watcher.h); the lists are thread-safe. A new version of
// an assertion begins at the first entry again; what broke the old one stays, under its version.
#ifndef MESO_SERVICES_AUDIT_ASSERTION_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_ASSERTION_OPERATIONS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/audit/domain/assertion.h"
#include "services/audit/payload_vault.h"
#include "services/audit/store/assertion_store.h"

namespace meso::audit {

// Entries per step, and waits per step.
inline constexpr uint64_t kAssertionStep = 256;
inline constexpr int kAssertionDueStep = 64;

struct AssertionView {
  Assertion assertion;
  uint64_t evaluated_size = 0;
  int64_t violations = 0;
};

struct ViolationPage {
  std::vector<StoredViolation> violations;
  int64_t next_row = 0;  // 0 on the last page
};

// Where the evaluation stands after a step.
struct AssertionStep {
  bool more = false;                   // there is more to judge now
  std::optional<absl::Time> next_due;  // of what waits
};

class AssertionOperations {
 public:
  // All references outlive the object.
  AssertionOperations(Database& database, const Clock& clock, IdSource& ids,
                      const PayloadVault& vault, std::vector<Assertion> assertions);

  // One step. An entry whose stored bytes can't be read is passed over and logged: verification
  // finds it, a control can't judge it.
  absl::StatusOr<AssertionStep> Step();

  // By code.
  absl::StatusOr<std::vector<AssertionView>> ListAssertions(Transaction& tx) const;
  // Newest first, at the sites where the caller may read. FILTER_INVALID.
  absl::StatusOr<ViolationPage> ListViolations(Transaction& tx, const CallContext& call,
                                               const RowQuery& query) const;

 private:
  struct Findings;
  class LogReader;
  absl::Status JudgeNew(LogReader& log, Findings* findings) const;
  absl::Status JudgeDue(LogReader& log, absl::Time now, Findings* findings) const;
  absl::Status JudgeOne(LogReader& log, const Assertion& assertion, const JudgedEntry& entry,
                        bool due, absl::Time now, Findings* findings) const;
  absl::Status Record(Transaction& tx, const Findings& findings) const;
  absl::Status RecordViolation(Transaction& tx, const StoredViolation& violation) const;
  const Assertion* Find(const std::string& code) const;

  Database& database_;
  const Clock& clock_;
  IdSource& ids_;
  const PayloadVault& vault_;
  const std::vector<Assertion> assertions_;  // by code
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_ASSERTION_OPERATIONS_H_
