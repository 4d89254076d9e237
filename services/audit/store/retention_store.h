// The rows of legal holds, erasures and pruning.
//
// Functions over a Transaction, used by RetentionOperations only. Errors: as the Database. No
// state.
#ifndef MESO_SERVICES_AUDIT_STORE_RETENTION_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_RETENTION_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/domain/retention.h"
#include "services/audit/domain/row_page.h"

namespace meso::audit {

// In whichever state it is.
absl::Status InsertHold(Transaction& tx, const LegalHold& hold);
absl::StatusOr<std::optional<LegalHold>> LoadHold(Transaction& tx, const std::string& name);
// Writes who asked to lift it, who did and when.
absl::Status SaveHoldLift(Transaction& tx, const LegalHold& hold);
absl::StatusOr<std::vector<LegalHold>> ListActiveHolds(Transaction& tx);
// Those lifted too; in the order they were placed.
absl::StatusOr<std::vector<LegalHold>> ListAllHolds(Transaction& tx);

// With their row numbers. FILTER_INVALID.
absl::StatusOr<std::vector<std::pair<int64_t, LegalHold>>> ListHolds(Transaction& tx,
                                                                     const RowQuery& query);

absl::Status InsertErasure(Transaction& tx, const Erasure& erasure, bool restored);
absl::StatusOr<std::optional<Erasure>> LoadErasure(Transaction& tx, const std::string& name);
// All of them, oldest first.
absl::StatusOr<std::vector<Erasure>> ListErasures(Transaction& tx);

// Where the next step of pruning begins.
absl::StatusOr<uint64_t> LoadPrunePosition(Transaction& tx);
absl::Status SavePrunePosition(Transaction& tx, uint64_t next_index, absl::Time now);

// The first time block at or above `block` with an entry of `newest_ns` or before; nullopt = none.
absl::StatusOr<std::optional<uint64_t>> NextOldTimeBlock(Transaction& tx, uint64_t block,
                                                         int64_t newest_ns);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_RETENTION_STORE_H_
