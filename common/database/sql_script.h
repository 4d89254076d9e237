// Cuts a migration's text into its statements.
//
// Knows just enough SQL for that: quotes, both kinds of comment, and that the semicolons between
// BEGIN and END of a trigger do not end its statement. Pure; only the migrator calls it.
#ifndef MESO_COMMON_DATABASE_SQL_SCRIPT_H_
#define MESO_COMMON_DATABASE_SQL_SCRIPT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso {

// The statements of `script` in order, without comments, their final semicolon and empty ones. A
// last statement needs no semicolon.
std::vector<std::string> SplitStatements(absl::string_view script);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_SQL_SCRIPT_H_
