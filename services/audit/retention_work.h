// What the service does about payloads on its own: prunes once a day, and keeps erasures and legal
// holds where a restored backup can't undo them.
//
// Both are pending work (common/work): rows that survive a crash and are tried again until done.
// The app opens it at start, before the first call, and registers its handlers. Thread-safe.
#ifndef MESO_SERVICES_AUDIT_RETENTION_WORK_H_
#define MESO_SERVICES_AUDIT_RETENTION_WORK_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "common/work/pending_work.h"
#include "services/audit/retention_operations.h"

namespace meso::audit {

inline constexpr char kPruneWork[] = "prune_payloads";
inline constexpr absl::Duration kPruneEvery = absl::Hours(24);
// Steps of a round before its row is left due for a second: a stop waits for no more than these.
inline constexpr int kPruneStepsPerRun = 4;

class RetentionWork {
 public:
  // Puts an erasure, or how far a hold has come, where it outlives the database, durably; does
  // nothing when it is there.
  using KeepErasure = std::function<absl::Status(const Erasure&)>;
  using KeepHold = std::function<absl::Status(const LegalHold&)>;

  RetentionWork(Database& database, const Clock& clock, IdSource& ids,
                const RetentionOperations& operations, KeepErasure keep_erasure, KeepHold keep_hold)
      : database_(database),
        clock_(clock),
        ids_(ids),
        operations_(operations),
        keep_erasure_(std::move(keep_erasure)),
        keep_hold_(std::move(keep_hold)) {}

  // At start, before anything can be pruned: does again what was kept outside and the database does
  // not know. First the holds, so that nothing they keep is without one for a moment; then the
  // erasures, which count whatever holds say: when they were done, nothing kept the patient. Then
  // it keeps outside what only the database knows, and sees to it that pruning is due some day.
  absl::Status Open(const KeptOutside& kept);
  void Register(PendingWorkRunner& runner);

  // The handlers. Prune does a few steps and leaves the row as it is, due, until the round is at
  // its end. A step that destroyed nothing makes no entry.
  absl::Status Prune(const PendingWork& work);
  absl::Status WriteErasure(const PendingWork& work);
  absl::Status WriteHold(const PendingWork& work);

 private:
  absl::Status Repeat(const KeptOutside& kept);
  absl::Status End(const PendingWork& work, const absl::Status& kept);
  absl::Status ScheduleNextPrune(Transaction& tx, absl::Time due);

  Database& database_;
  const Clock& clock_;
  IdSource& ids_;
  const RetentionOperations& operations_;
  const KeepErasure keep_erasure_;
  const KeepHold keep_hold_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RETENTION_WORK_H_
