// Many rows by their ids in few statements.
//
// A path through the tree reads some twenty rows and a proof of a key some hundred paths: asked for
// one by one, the statements cost more than the rows. Used by the stores beside it. No state.
#ifndef MESO_SERVICES_AUDIT_STORE_ROWS_BY_ID_H_
#define MESO_SERVICES_AUDIT_STORE_ROWS_BY_ID_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/database/database.h"

namespace meso::audit {

// The rows found, in no particular order; ids may repeat, rows do not. `select` is a literal that
// goes up to the column of the ids: "SELECT ... WHERE entry_index".
absl::StatusOr<Rows> RowsById(Transaction& tx, absl::string_view select, std::vector<uint64_t> ids);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_STORE_ROWS_BY_ID_H_
