// The audit service put together: the only file that names concrete classes. Used by main and by
// tests.
//
// Opens the database, checks that the stored log is the one that was signed (and refuses to start
// when it is not), then serves. Not thread-safe; one owner.
#ifndef MESO_SERVICES_AUDIT_AUDIT_APP_H_
#define MESO_SERVICES_AUDIT_AUDIT_APP_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config/watched_file.h"
#include "common/process/service_process.h"
#include "services/audit/assertion_watcher.h"
#include "services/audit/audit_operations.h"
#include "services/audit/checkpoint_memory.h"
#include "services/audit/checkpoint_operations.h"
#include "services/audit/checkpoint_signer.h"
#include "services/audit/grant_operations.h"
#include "services/audit/key_index_keeper.h"
#include "services/audit/origin_operations.h"
#include "services/audit/prove_operations.h"
#include "services/audit/retention_work.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/erasure_journal.h"
#include "services/audit/verify_operations.h"
#include "services/audit/witness_keys.h"

namespace meso::audit {

struct AuditConfig {
  ProcessConfig process;
  std::string log_key_file;           // signs checkpoints: PRIVATE+KEY+...
  std::string pseudonym_key_file;     // turns patients into pseudonyms: 64 hex digits
  std::string payload_key_file;       // wraps the patients' payload keys: 64 hex digits
  std::string erasure_file;           // the journal of erasures and legal holds
  std::string retention_file;         // how long payloads are kept; empty = for ever
  std::string previous_log_key_file;  // signs too during a change of keys; may be empty
  std::string witness_keys_file;      // whose cosignatures are taken; empty = nobody's
  std::string assertions_file;        // what is held against the log; empty = the binary's own
  std::string
      checkpoint_memory_file;  // the newest checkpoint, outside of the database; empty = none
  std::string known_checkpoint_file;  // one that somebody else remembered; empty = none
  bool open_new_origin = false;       // declares that entries were lost
};

class AuditApp {
 public:
  // Errors: one clear sentence each (missing or malformed key file, newer database, a damaged log).
  // `clock` and `ids` may be nullptr.
  static absl::StatusOr<std::unique_ptr<AuditApp>> Create(const AuditConfig& config,
                                                          const Clock* clock = nullptr,
                                                          IdSource* ids = nullptr);
  ~AuditApp();

  // As ServiceProcess.
  absl::Status Serve();
  int RunUntilSignal();
  void Stop();
  ServiceProcess& process() { return *process_; }
  const AuditOperations& operations() const { return *operations_; }

 private:
  AuditApp() = default;
  // Opens the log, or a new origin of it.
  absl::Status OpenLog(const AuditConfig& config);
  absl::Status RememberNewest(Database& database, const std::vector<RememberedNote>& notes);
  absl::Status OpenSources();
  absl::Status OpenRetention(const AuditConfig& config);

  SystemSaltSource salts_;
  std::unique_ptr<PayloadVault> vault_;
  std::unique_ptr<ServiceProcess> process_;
  std::unique_ptr<AuditOperations> operations_;
  std::unique_ptr<CheckpointMemory> memory_;
  std::unique_ptr<WatchedFile> witness_keys_file_;
  std::unique_ptr<WitnessKeys> witness_keys_;
  std::unique_ptr<CheckpointOperations> checkpoints_;
  std::unique_ptr<ProveOperations> prove_;
  std::unique_ptr<KeyIndexKeeper> index_;
  std::unique_ptr<SourceOperations> sources_;
  std::unique_ptr<CheckpointSigner> signer_;
  std::unique_ptr<AssertionOperations> assertions_;
  std::unique_ptr<AssertionWatcher> watcher_;
  std::unique_ptr<GrantOperations> grants_;
  std::unique_ptr<ErasureJournal> journal_;
  std::unique_ptr<RetentionOperations> retention_;
  std::unique_ptr<RetentionWork> retention_work_;
  std::unique_ptr<VerifyOperations> verify_;
  std::unique_ptr<AuditService> service_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_AUDIT_APP_H_
