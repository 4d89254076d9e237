// The project's own files as the house checks see them: paths relative to the root, contents,
// includes. Read-only.
#ifndef MESO_TESTS_TIDY_SOURCE_TREE_H_
#define MESO_TESTS_TIDY_SOURCE_TREE_H_

#include <string>
#include <vector>

namespace meso {

struct SourceFile {
  std::string path;  // "common/base/clock.h"
  std::vector<std::string> lines;
  std::vector<std::string>
      includes;  // "common/base/clock.h", "<grpcpp/grpcpp.h>" for system headers
};

// Every .h and .cc file below proto, common, services and tests, sorted by path. The root is the
// working directory.
std::vector<SourceFile> ReadSourceTree();

// The same from one text, for tests of the checks themselves.
SourceFile MakeSourceFile(const std::string& path, const std::string& text);

}  // namespace meso

#endif  // MESO_TESTS_TIDY_SOURCE_TREE_H_
