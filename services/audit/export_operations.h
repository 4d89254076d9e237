// What several ways of giving out the log share: the head of a whole-log bundle, and the record of
// whom it names.
//
// Used by the export (audit_operations.h), by proofs (prove_operations.h) and by the service's own
// verification (stored_bundle.h).
#ifndef MESO_SERVICES_AUDIT_EXPORT_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_EXPORT_OPERATIONS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "services/audit/domain/bundle.h"

namespace meso::audit {

// Touches the patients given out; whenever the call holds as many keys as an access entry can,
// `record_part` writes one and the keys begin anew, so that every patient is in some entry. Errors:
// those of record_part.
absl::Status TouchPatients(const CallContext& call, const std::vector<std::string>& patients,
                           const std::function<absl::Status()>& record_part);

// Writes the head, with the origin and size of the checkpoint the bundle ends at put into the
// header; returns that checkpoint. `cosignatures` as in ChooseCheckpoint (key_index_operations.h).
// CHECKPOINT_NOT_YET.
absl::StatusOr<Checkpoint> WriteBundleHead(Transaction& tx, BundleHeader header, int cosignatures,
                                           BundleWriter* writer);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_EXPORT_OPERATIONS_H_
