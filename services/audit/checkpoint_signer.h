// Keeps the signed checkpoint at most a second behind the log.
//
// One thread: woken by an append it waits a moment, so that one signature stands for many appends,
// and signs. An idle log costs nothing. The app starts it; nothing else uses it. Thread-safe.
#ifndef MESO_SERVICES_AUDIT_CHECKPOINT_SIGNER_H_
#define MESO_SERVICES_AUDIT_CHECKPOINT_SIGNER_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/database/database.h"
#include "services/audit/audit_operations.h"
#include "services/audit/key_index_keeper.h"

namespace meso::audit {

class CheckpointSigner {
 public:
  // All outlive the signer.
  CheckpointSigner(Database& database, const AuditOperations& operations, KeyIndexKeeper& index)
      : database_(database), operations_(operations), index_(index) {}
  ~CheckpointSigner() { Stop(); }

  // Signs what is there, then whatever comes.
  void Start();
  // Signs once more if something has come. Before Database::Close. Idempotent.
  void Stop();
  // The log has grown.
  void Wake();

 private:
  void Run();
  // Runs of the key index first, so that little is left to index while signing; true when the index
  // is still behind.
  bool BuildIndex();
  absl::Status Sign();

  Database& database_;
  const AuditOperations& operations_;
  KeyIndexKeeper& index_;
  absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_CHECKPOINT_SIGNER_H_
