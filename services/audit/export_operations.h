// The head of a bundle of the log, as every whole-log bundle begins: header, checkpoints, openings,
// key index.
//
// Shared by the export (audit_operations.h) and the service's own verification (stored_bundle.h).
#ifndef MESO_SERVICES_AUDIT_EXPORT_OPERATIONS_H_
#define MESO_SERVICES_AUDIT_EXPORT_OPERATIONS_H_

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/domain/bundle.h"

namespace meso::audit {

// Writes the head, with the origin and size of the checkpoint the bundle ends at put into the
// header; returns that checkpoint. `cosignatures` as in ChooseCheckpoint (key_index_operations.h).
// CHECKPOINT_NOT_YET.
absl::StatusOr<Checkpoint> WriteBundleHead(Transaction& tx, BundleHeader header, int cosignatures,
                                           BundleWriter* writer);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_EXPORT_OPERATIONS_H_
