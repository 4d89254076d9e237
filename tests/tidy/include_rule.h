// Who may include whom (services/README.md, "The include rule"). Link dependencies cannot check it,
// because every header is visible to every file; this does. Pure functions over a SourceFile.
#ifndef MESO_TESTS_TIDY_INCLUDE_RULE_H_
#define MESO_TESTS_TIDY_INCLUDE_RULE_H_

#include <string>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace meso {

// One sentence per forbidden include: "services/x/domain/a.h includes ...: why".
std::vector<std::string> ForbiddenIncludes(const SourceFile& file);

}  // namespace meso

#endif  // MESO_TESTS_TIDY_INCLUDE_RULE_H_
