// The rows about sources beyond their last numbers.
//
// Functions over a Transaction; they keep and find, decide nothing. Errors are those of the
// Database. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_SOURCE_STORE_H_
#define MESO_SERVICES_AUDIT_STORE_SOURCE_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/audit/domain/source_state.h"

namespace meso::audit {

// A source as kept. A fresh state when nothing was kept of it.
struct SourceRow {
  int64_t source_id = 0;  // ascending by first delivery
  std::string name;
  std::string epoch;
  uint64_t last_sequence = 0;
  SourceState state;
};

absl::StatusOr<SourceState> LoadSourceState(Transaction& tx, int64_t source_id);
absl::Status SaveSourceState(Transaction& tx, int64_t source_id, const SourceState& state);

// By name, the newest epoch first.
absl::StatusOr<std::vector<SourceRow>> ListSourceRows(Transaction& tx);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_SOURCE_STORE_H_
