// Audit entries waiting for the audit service, written in the transaction of what they record.
//
// An entry gets the next gap-free number of this database's (source, epoch, audit stream).
// audit_relay pushes it and deletes it only after the audit service's durable answer. The record
// may name patients (the audit service replaces them by pseudonyms); it never holds answers, free
// text or birth dates.
#ifndef MESO_COMMON_DATABASE_AUDIT_OUTBOX_H_
#define MESO_COMMON_DATABASE_AUDIT_OUTBOX_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/database/database.h"

namespace meso {

struct AuditRecord {
  int64_t sequence = 0;  // set by the outbox; gap-free from 1 per epoch
  absl::Time time;
  std::string service;  // scheduling, ...
  std::string site;     // "sites/…" or empty
  std::string actor;    // subject of the caller
  std::vector<std::string> actor_roles;
  std::string on_behalf_of;  // subject, or empty
  std::string client_address;
  std::string request_id;
  std::string correlation_id;
  std::string causation_id;
  std::string method;
  std::string action;  // C R U D E
  std::string object_type;
  std::string object_name;
  int64_t object_version = 0;
  std::string purpose;
  std::string outcome;  // OK, REFUSED, DENIED or FAILED
  std::string reason;   // catalogue reason of a refusal
  bool violation = false;
  std::set<std::pair<std::string, std::string>>
      keys;  // (patient|lot|appointment|actor|site|request, value)
  std::map<std::string, std::string> facts;
  // 16 random bytes, set by the outbox: whoever sees a running hash can't try out whom an entry
  // named.
  std::string nonce;
  std::string digest;  // of the record as it is sent; set by the relay, not kept
};

// The running hash over this database's entries 1 to `sequence` (audit_draft.h says of what).
struct AuditChain {
  int64_t sequence = 0;
  std::string hash = std::string(32, '\0');
};

// The record of this call from its context and draft; `status` gives outcome and reason: OK;
// PERMISSION_DENIED = DENIED; INTERNAL, UNAVAILABLE and the like = FAILED; every other error =
// REFUSED.
AuditRecord MakeAuditRecord(const CallContext& call, absl::string_view service,
                            const absl::Status& status, absl::Time now);

// Appends the record and wakes the listeners after the commit.
absl::Status AppendAudit(Transaction& tx, const AuditRecord& record);

// At most `limit` waiting records after `sequence` (and after what was deleted), in order.
absl::StatusOr<std::vector<AuditRecord>> ListAuditAfter(Transaction& tx, int64_t sequence,
                                                        int limit);

// Where the running hash has come to; it is advanced by whoever is about to forget records, and by
// heartbeats.
absl::StatusOr<AuditChain> LoadAuditChain(Transaction& tx);
absl::Status SaveAuditChain(Transaction& tx, const AuditChain& chain);

// Forgets records up to and including `sequence`, which the audit service holds durably.
absl::Status DeleteAuditThrough(Transaction& tx, int64_t sequence);

// The last number assigned (0 = none) and the last one deleted.
absl::StatusOr<std::pair<int64_t, int64_t>> AuditOutboxSpan(Transaction& tx);

// As in outbox.h.
int AddAuditListener(std::function<void()> listener);
void RemoveAuditListener(int handle);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_AUDIT_OUTBOX_H_
