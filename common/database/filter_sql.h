// Compiles a parsed list filter into a WHERE clause with parameters. Pure; values only ever travel
// as parameters.
#ifndef MESO_COMMON_DATABASE_FILTER_SQL_H_
#define MESO_COMMON_DATABASE_FILTER_SQL_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/filter.h"
#include "common/database/database.h"

namespace meso {

enum class FilterType { kText, kInt, kBool, kTime };  // kTime: RFC 3339, stored as microseconds

struct FilterColumn {
  std::string sql;  // a column or expression: "start_us"; for has-queries: "EXISTS (SELECT 1 ... =
                    // $)" with one lone $
  FilterType type = FilterType::kText;
  std::vector<std::string> words;  // of an enum: all there are, as the column holds them; any other
                                   // is refused, because an empty answer would pass for "none"
};

struct FilterSql {
  std::string where;  // "(1)" when the filter is empty
  Values args;
};

// `first_parameter` is the number of the first $n to use. Errors: FILTER_INVALID when a value does
// not fit its column; for one with words it names them.
absl::StatusOr<FilterSql> CompileFilter(const FilterNode& filter,
                                        const std::map<std::string, FilterColumn>& columns,
                                        int first_parameter);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_FILTER_SQL_H_
