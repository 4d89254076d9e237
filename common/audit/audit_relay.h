// Carries the audit outbox of this process to the audit log: in order, retried for ever, nothing
// lost, nothing twice.
//
// One thread reads waiting records, hands them to the delivery and deletes them only after the
// delivery answered that they are durable, putting them into the database's running hash
// (audit_draft.h) in the same transaction: hashing costs nothing where entries are written. It
// wakes on the commit of a record and by a slow poll. Killed at any point, it delivers again what
// it had not deleted; the log knows each (source, epoch, sequence) and takes it once. The delivery
// is BatchAppendEntries at the audit service (audit_client.h), or, in the audit service itself, a
// transaction of its own. Redis plays no part. Thread-safe.
#ifndef MESO_COMMON_AUDIT_AUDIT_RELAY_H_
#define MESO_COMMON_AUDIT_AUDIT_RELAY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/database/audit_outbox.h"
#include "common/database/database.h"
#include "common/telemetry/metrics.h"

namespace meso {

// Who the records are of: the service and the epoch of its database.
struct AuditSource {
  std::string service;
  std::string epoch;
  int64_t newest_sequence = 0;  // the last number it has given out; 0 = not said
};

// Makes consecutive records durable in the log, or fails and may be asked again with the same ones.
// OK also when they were there already.
using AuditDelivery =
    std::function<absl::Status(const AuditSource& source, const std::vector<AuditRecord>& records)>;

struct AuditRelayOptions {
  Metrics* metrics = nullptr;  // lag and failures; may be nullptr
  int records_max = 256;       // per delivery
  absl::Duration poll = absl::Seconds(1);
  absl::Duration gather = absl::Milliseconds(10);       // waited after a commit, for its company
  absl::Duration backoff_min = absl::Milliseconds(50);  // doubled per failure
  absl::Duration backoff_max = absl::Seconds(5);
};

class AuditRelay {
 public:
  AuditRelay(Database& database, const Clock& clock, AuditDelivery deliver,
             AuditRelayOptions options = {});
  ~AuditRelay();  // Stop()

  void Start();
  // Waits for the delivery under way. Before Database::Close. Idempotent.
  void Stop();

  // Delivers on the calling thread until the outbox is empty or one delivery fails, whose Status it
  // returns. Works without Start; for draining and for tests.
  absl::Status DeliverNow();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_AUDIT_AUDIT_RELAY_H_
