#include "services/audit/store/rows_by_id.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

// Always as many parameters, so that one statement is prepared for each `select`.
constexpr size_t kIdsPerStatement = 32;

std::string Parameters() {
  std::string text = " IN ($1";
  for (size_t i = 2; i <= kIdsPerStatement; ++i) absl::StrAppend(&text, ", $", i);
  return text + ")";
}

}  // namespace

absl::StatusOr<Rows> RowsById(Transaction& tx, absl::string_view select,
                              std::vector<uint64_t> ids) {
  static const std::string& parameters = *new std::string(Parameters());
  const Sql sql = Sql::Dynamic(absl::StrCat(select, parameters));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  Rows found;
  found.reserve(ids.size());
  for (size_t at = 0; at < ids.size(); at += kIdsPerStatement) {
    Values some;
    some.reserve(kIdsPerStatement);
    for (size_t i = 0; i < kIdsPerStatement; ++i) {
      some.emplace_back(static_cast<int64_t>(ids[std::min(at + i, ids.size() - 1)]));
    }
    MESO_ASSIGN_OR_RETURN(Rows rows, tx.Query(sql, std::move(some)));
    std::move(rows.begin(), rows.end(), std::back_inserter(found));
  }
  return found;
}

}  // namespace meso::audit
