#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace meso {

SourceFile MakeSourceFile(const std::string& path, const std::string& text) {
  SourceFile file;
  file.path = path;
  file.lines = absl::StrSplit(text, '\n');
  for (const std::string& line : file.lines) {
    absl::string_view rest = absl::StripAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&rest, "#include ")) continue;
    rest = absl::StripAsciiWhitespace(rest);
    if (absl::StartsWith(rest, "\"")) {
      file.includes.emplace_back(rest.substr(1, rest.find('"', 1) - 1));
    } else if (absl::StartsWith(rest, "<")) {
      file.includes.emplace_back(rest.substr(0, rest.find('>') + 1));
    }
  }
  return file;
}

std::vector<SourceFile> ReadSourceTree() {
  std::vector<SourceFile> files;
  for (const char* top : {"proto", "common", "services", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
      const std::string path = entry.path().string();
      if (!entry.is_regular_file()) continue;
      if (!absl::EndsWith(path, ".h") && !absl::EndsWith(path, ".cc")) continue;
      std::ifstream in(path, std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      files.push_back(MakeSourceFile(path, text.str()));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace meso
