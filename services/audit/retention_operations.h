// What becomes of payloads: legal holds, the erasure of a patient, pruning by age. One function per
// use case, each one transaction.
//
// Called by rpc/ (through ServeCall), by retention_work (daily, and at start) and by tests. No
// gRPC, no SQL. Everything here concerns what lies beside the log; leaves and tree are never
// touched. The entry of an erasure knows the patient by pseudonym only. The object holds the
// classes in force, no state; thread-safe.
#ifndef MESO_SERVICES_AUDIT_RETENTION_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_RETENTION_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/retention.h"
#include "services/audit/domain/row_page.h"
#include "services/audit/payload_vault.h"

namespace meso::audit {

// Limits of one step of pruning: payload parts emptied, entries looked at, and time blocks walked
// through, also those with nothing left to empty.
inline constexpr int kPrunePartsMax = 1000;
inline constexpr int kPruneEntriesMax = 4096;
inline constexpr int kPruneBlocksMax = 16;
// The kinds of the pending work that puts an erasure, or how far a hold has come, into the journal
// outside of the database.
inline constexpr char kErasureJournalWork[] = "erasure_journal";
inline constexpr char kHoldJournalWork[] = "hold_journal";

struct HoldOrder {
  std::string filter;  // as in ListEntries
  std::string reason;
};

struct HoldPage {
  std::vector<LegalHold> holds;
  int64_t next_row = 0;  // 0 on the last page
};

struct ErasureOrder {
  std::string patient;  // patients/{code}
  std::string ground;
};

// What a step of pruning destroyed under one class.
struct PrunedClass {
  std::string name;
  int64_t payloads = 0;
  uint64_t first_index = 0;
  uint64_t last_index = 0;
};
struct PruneResult {
  std::vector<PrunedClass> classes;  // in the classes' order, only those with payloads
  int64_t held = 0;                  // over, but kept by a hold
  bool more = false;                 // the round is not at its end
};

class RetentionOperations {
 public:
  // The references outlive the object. `wake_work` runs after a commit that left pending work.
  RetentionOperations(const Clock& clock, IdSource& ids, const PseudonymKey& pseudonyms,
                      PayloadVault& vault, std::vector<RetentionClass> classes,
                      std::function<void()> wake_work = nullptr);

  // FIELD_REQUIRED, FIELD_INVALID, FILTER_INVALID.
  absl::StatusOr<LegalHold> PlaceLegalHold(Transaction& tx, const CallContext& call,
                                           const HoldOrder& order) const;
  // RESOURCE_NOT_FOUND, SELF_APPROVAL, STATE_NOT_ALLOWED.
  absl::StatusOr<LegalHold> LiftLegalHold(Transaction& tx, const CallContext& call,
                                          const std::string& name) const;
  // FILTER_INVALID.
  absl::StatusOr<HoldPage> ListLegalHolds(Transaction& tx, const RowQuery& query) const;
  // Places or lifts a hold of the journal again where the database does not know it or not so far,
  // being older, and records that. False when it knew. FAILED_PRECONDITION when the journal's
  // filter can't be read.
  absl::StatusOr<bool> RepeatHold(Transaction& tx, const LegalHold& hold) const;
  // The filter of a hold as the API spells it, for an answer that is given again.
  absl::StatusOr<std::string> FilterOf(Transaction& tx, const std::string& hold) const;

  // Destroys the patient's keys. The call's entry knows the pseudonym only, also when it is a trial
  // or refused. RESOURCE_NOT_FOUND, LEGAL_HOLD.
  absl::StatusOr<Erasure> ErasePatient(Transaction& tx, const CallContext& call,
                                       const ErasureOrder& order) const;
  // Does an erasure of the journal again where the database does not know it, being older than the
  // erasure, and records that. False when it knew it. Holds don't count: it was erased before.
  absl::StatusOr<bool> RepeatErasure(Transaction& tx, const Erasure& erasure) const;

  // One step of a round over the log; the next step goes on where it ended.
  absl::StatusOr<PruneResult> PrunePayloads(Transaction& tx, const CallContext& call) const;

  const std::vector<RetentionClass>& classes() const { return classes_; }

 private:
  // Leaves the work of writing this down outside of the database.
  absl::Status KeepOutside(Transaction& tx, const char* kind, const std::string& name) const;
  // What an erasure destroys.
  struct Found {
    int64_t parts = 0;  // under the patient's key
    // Under nobody's own key although they name the patient: payloads of the first version about
    // several patients.
    std::vector<PartPlace> shared;
  };
  absl::StatusOr<Found> FindPayloads(Transaction& tx, const std::string& pseudonym,
                                     const HoldSet& holds) const;
  absl::StatusOr<int64_t> PruneRange(Transaction& tx, uint64_t begin, uint64_t end,
                                     const HoldSet& holds, absl::Time now, int64_t parts_left,
                                     PruneResult* result, uint64_t* next) const;

  const Clock& clock_;
  IdSource& ids_;
  const PseudonymKey& pseudonyms_;
  PayloadVault& vault_;
  const std::vector<RetentionClass> classes_;
  const std::function<void()> wake_work_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RETENTION_OPERATIONS_H_
