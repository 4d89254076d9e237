// An audit log filled through the audit service's own operations, for benchmarks: entries as a
// chain's services send them, some thousands at a time.
//
// The distribution: a patient in every other entry (one of n/100), an appointment in three of four
// (each met about eight times), a lot in every fourth, 40 actors, 20 sites. One thread.
#ifndef MESO_TESTS_BENCH_AUDIT_LOG_BENCH_H_
#define MESO_TESTS_BENCH_AUDIT_LOG_BENCH_H_

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/audit/audit_operations.h"
#include "services/audit/key_index_keeper.h"
#include "services/audit/key_search.h"
#include "services/audit/payload_vault.h"
#include "services/audit/prove_operations.h"

namespace meso {

class AuditLogBench {
 public:
  // Opens the file, or makes it with an empty log. `planned` is the size the log will have.
  AuditLogBench(const std::string& file, uint64_t planned);

  // Grows the log to `size`, in batches of 1000 and many batches to a commit, and signs it.
  void FillTo(uint64_t size);
  // Appends `count` entries in batches of `batch`, a commit each; seconds it took.
  double AppendSeconds(int count, int batch);
  // As the service does: what no run of the key index covers first, then the signature.
  void Sign();
  // Merges the runs of the key index and makes search pages until there is nothing left to do.
  void Settle();

  uint64_t size() const { return size_; }
  std::string PatientOf(uint64_t index) const;
  Database& database() { return *database_; }
  const audit::AuditOperations& operations() const { return *operations_; }
  const audit::ProveOperations& prove() const { return *prove_; }
  const CallContext& auditor() const { return auditor_; }

 private:
  audit::Batch BatchFrom(uint64_t first, int count) const;
  audit::Draft DraftOf(uint64_t sequence) const;
  absl::Status AppendOne(Transaction& tx, uint64_t first, int count);

  const uint64_t planned_;
  SystemClock clock_;
  Uuid7Source ids_;
  audit::SystemSaltSource salts_;
  audit::PayloadVault vault_;
  CallContext auditor_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<audit::AuditOperations> operations_;
  std::unique_ptr<audit::ProveOperations> prove_;
  std::unique_ptr<audit::KeyIndexKeeper> index_;
  uint64_t size_ = 0;
};

}  // namespace meso

#endif  // MESO_TESTS_BENCH_AUDIT_LOG_BENCH_H_
