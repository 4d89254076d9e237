#include "tests/support/symbol_reader.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/support/child_process.h"

namespace meso {

std::string ScanOf(absl::string_view png) {
  const TempDir dir;
  const std::string file = absl::StrCat(dir.path(), "/symbol.png");
  std::ofstream(file, std::ios::binary) << png;
  std::string identifier, data;
  const std::string output = RunCommand({MESO_ZXING_READER, file});
  for (absl::string_view line : absl::StrSplit(output, '\n')) {
    if (absl::ConsumePrefix(&line, "Identifier:")) {
      identifier = std::string(absl::StripAsciiWhitespace(line));
    } else if (absl::ConsumePrefix(&line, "Bytes:")) {
      data = absl::HexStringToBytes(absl::StrReplaceAll(line, {{" ", ""}}));
    }
  }
  return absl::StrCat(identifier, data);
}

}  // namespace meso
