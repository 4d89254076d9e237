#include <fstream>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/config/process_config.h"

namespace meso {

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  if (!file || contents.str().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("Cannot read the secret file '", path,
                     "', or it is empty. 'mesoctl admin init' makes the keys and tokens; check the "
                     "path and that this user may read it."));
  }
  std::string text = std::move(contents).str();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace meso
