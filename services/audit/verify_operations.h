// VerifyLog: the service looks through everything it has stored.
//
// What is signed goes the way of an export: the stored log is written as a bundle with payloads, in
// steps, and the offline verifier reads it (domain/bundle.h); there is no second one. Behind that
// come the rows no bundle has: the pages of the key index, the search index, the places of the
// sources' entries. Every step is a short read of its own; the log goes on growing meanwhile, what
// is verified is fixed by the newest checkpoint at the begin. Thread-safe; one verification at a
// time.
#ifndef MESO_SERVICES_AUDIT_VERIFY_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_VERIFY_OPERATIONS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/database.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/bundle.h"

namespace meso::audit {

enum class VerifyStage { kEntries = 1, kKeyIndex = 2, kSearchIndex = 3 };

class VerifyOperations {
 public:
  struct Watcher {
    // Called at most 100 times per stage, from the thread that verifies.
    std::function<void(VerifyStage stage, uint64_t done, uint64_t total)> progress;
    // True = nobody waits any more.
    std::function<bool()> cancelled;
  };

  // All outlive it.
  VerifyOperations(Database& database, const AuditOperations& audit, const Clock& clock)
      : database_(database), audit_(audit), clock_(clock) {}

  // The one place; whoever holds it may Verify. Given back when it is destroyed.
  class Turn {
   public:
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    friend class VerifyOperations;
    explicit Turn(const VerifyOperations& operations) : operations_(operations) {}
    const VerifyOperations& operations_;
  };
  // OVERLOADED while another verification runs; the delay is about what it still needs.
  absl::StatusOr<std::unique_ptr<Turn>> TakeTurn() const;

  // What the verification found. Errors: CHECKPOINT_NOT_YET, CANCELLED, those of the database; a
  // damaged log is none.
  absl::StatusOr<VerifyReport> Verify(const Turn& turn, absl::Time deadline,
                                      const Watcher& watcher) const;

 private:
  void Reach(VerifyStage stage, uint64_t done, uint64_t total) const;

  Database& database_;
  const AuditOperations& audit_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  mutable bool running_ ABSL_GUARDED_BY(mutex_) = false;
  mutable absl::Time begin_ ABSL_GUARDED_BY(mutex_);
  mutable double reached_ ABSL_GUARDED_BY(mutex_) = 0;  // of 1
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_VERIFY_OPERATIONS_H_
