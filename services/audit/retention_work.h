// What the service does about payloads on its own: prunes once a day, and keeps erasures where a
// restored backup can't undo them.
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
  // Puts an erasure where it outlives the database, durably; does nothing when it is there.
  using Keep = std::function<absl::Status(const Erasure&)>;

  RetentionWork(Database& database, const Clock& clock, IdSource& ids,
                const RetentionOperations& operations, Keep keep)
      : database_(database),
        clock_(clock),
        ids_(ids),
        operations_(operations),
        keep_(std::move(keep)) {}

  // At start: does the erasures again that were kept and that the database does not know, keeps
  // those that only it knows, and sees to it that pruning is due some day.
  absl::Status Open(const std::vector<Erasure>& kept);
  void Register(PendingWorkRunner& runner);

  // The handlers. Prune does a few steps and leaves the row as it is, due, until the round is at
  // its end. A step that destroyed nothing makes no entry.
  absl::Status Prune(const PendingWork& work);
  absl::Status KeepErasure(const PendingWork& work);

 private:
  absl::Status ScheduleNextPrune(Transaction& tx, absl::Time due);

  Database& database_;
  const Clock& clock_;
  IdSource& ids_;
  const RetentionOperations& operations_;
  const Keep keep_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RETENTION_WORK_H_
