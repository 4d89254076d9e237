// The rows of witnesses' cosignatures, and checkpoints in pages.
//
// Functions over a Transaction like those of audit_store.h, whose functions on checkpoints are
// implemented here too. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_CHECKPOINT_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_CHECKPOINT_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/audit/domain/checkpoint_retention.h"
#include "services/audit/store/audit_store.h"

namespace meso::audit {

// At most `limit` checkpoints of less than `below` leaves, largest first.
absl::StatusOr<std::vector<StoredCheckpoint>> ListCheckpointsDown(Transaction& tx, uint64_t below,
                                                                  int limit);
// The newest checkpoints, ascending, at most `limit`, with who has cosigned them.
absl::StatusOr<std::vector<KeptCheckpoint>> ListNewestKept(Transaction& tx, int limit);

struct StoredCosignature {
  uint64_t tree_size = 0;
  std::string witness;  // the verifier key
  std::string line;     // without its newline
  absl::Time add_time;
};
// Whether this witness has cosigned the checkpoint of this size.
absl::StatusOr<bool> HasCosigned(Transaction& tx, uint64_t tree_size, const std::string& witness);
absl::Status InsertCosignature(Transaction& tx, const StoredCosignature& cosignature);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_CHECKPOINT_STORE_H_
