// What the audit service takes in without being called: its own entries (reads of the log,
// refusals, denials).
//
// It follows no other service's events: whatever happens elsewhere arrives as an entry. Its own
// entries are written to this process's audit outbox like any service's, and its relay hands them
// to DeliverOwnEntries instead of sending them over the network. No entry is made about an entry.
// Thread-safe.
#ifndef MESO_SERVICES_AUDIT_EVENTS_AUDIT_CONSUMER_H_
#define MESO_SERVICES_AUDIT_EVENTS_AUDIT_CONSUMER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/database/audit_outbox.h"
#include "common/database/database.h"
#include "services/audit/audit_operations.h"
#include "services/audit/source_operations.h"

namespace meso::audit {

// The batch of consecutive records of one source.
Batch BatchOf(const std::string& service, const std::string& epoch,
              const std::vector<AuditRecord>& records);

// Appends records of this database's outbox to the log in one transaction; those already there are
// skipped. The patient of a call to erase is written as a pseudonym. `sources`, when given, hears
// of them. Errors: those of AuditOperations::Append.
absl::Status DeliverOwnEntries(Database& database, const AuditOperations& operations,
                               const std::string& service, const std::string& epoch,
                               const std::vector<AuditRecord>& records,
                               const SourceOperations* sources = nullptr);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_EVENTS_AUDIT_CONSUMER_H_
