// The command line, looked at before Abseil does: its own parser ignores stray words and ends the
// process on an unknown flag without saying what to do.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/config/help_page.h"
#include "common/config/process_config.h"

namespace meso {
namespace {

// Abseil's own: they are parsed in an order of their own, and --help has no value.
bool IsOfTheParser(absl::string_view name) {
  static const auto& names =
      *new std::set<absl::string_view>{"flagfile", "fromenv",     "tryfromenv", "undefok", "help",
                                       "helpfull", "helppackage", "helpon",     "version"};
  return names.count(name) > 0 || absl::StartsWith(name, "help");
}

// How many letters must be put in, left out or exchanged to turn one word into the other.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({exchanged, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

absl::Status UnknownFlag(absl::string_view name, absl::string_view program) {
  std::string nearest;
  size_t distance_min = 4;
  for (const auto& [known, flag] : absl::GetAllFlags()) {
    const size_t distance = Distance(name, known);
    // Equal distances: the alphabet decides, not the table's order.
    if (distance > distance_min || (distance == distance_min && known >= nearest)) continue;
    distance_min = distance;
    nearest = std::string(known);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, " is no flag of this program; ",
                   nearest.empty() ? "" : absl::StrCat("did you mean --", nearest, "? "), program,
                   " --help lists them."));
}

absl::CommandLineFlag* Find(absl::string_view name, bool* negated) {
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  *negated = flag == nullptr && absl::ConsumePrefix(&name, "no");
  return *negated ? absl::FindCommandLineFlag(name) : flag;
}

absl::StatusOr<bool> CheckFlag(absl::string_view word, absl::string_view next,
                               absl::string_view program);

// Abseil's parser would say less of a file it can't use, and end the process.
absl::Status CheckFlagFile(const std::string& path, absl::string_view program) {
  std::ifstream file(path);
  std::error_code error;
  if (!file || std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--flagfile=", path, " cannot be read (", file ? "it is a directory" : std::strerror(errno),
        "). Name a file with one --NAME=VALUE a line, or leave it out."));
  }
  for (std::string line; std::getline(file, line);) {
    absl::string_view word = absl::StripAsciiWhitespace(line);
    if (word.empty() || word[0] == '#') continue;
    if (!absl::ConsumePrefix(&word, "-")) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--flagfile=", path, ": '", word, "' is no flag. Write one --NAME=VALUE a line."));
    }
    absl::ConsumePrefix(&word, "-");
    // Files named in files would have to be followed in a circle.
    if (absl::StartsWith(word, "flagfile")) continue;
    const absl::Status status = CheckFlag(word, "", program).status();
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--flagfile=", path, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

// One flag; `next` is the word behind it. Returns whether that word is its value.
absl::StatusOr<bool> CheckFlag(absl::string_view word, absl::string_view next,
                               absl::string_view program) {
  const size_t equals = word.find('=');
  const absl::string_view name = word.substr(0, equals);
  if (name == "flagfile") {
    const absl::string_view paths =
        equals == absl::string_view::npos ? next : word.substr(equals + 1);
    for (const absl::string_view path : absl::StrSplit(paths, ',', absl::SkipEmpty())) {
      const absl::Status status = CheckFlagFile(std::string(path), program);
      if (!status.ok()) return status;
    }
  }
  if (IsOfTheParser(name))
    return equals == absl::string_view::npos && !absl::StartsWith(name, "help");
  bool negated = false;
  absl::CommandLineFlag* flag = Find(name, &negated);
  if (flag == nullptr || (negated && !flag->IsOfType<bool>())) return UnknownFlag(name, program);
  if (equals == absl::string_view::npos && flag->IsOfType<bool>()) return false;
  const absl::string_view value =
      equals == absl::string_view::npos ? next : word.substr(equals + 1);
  std::string error;
  if (!flag->ParseFrom(value, &error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, "=", value, " cannot be read; it is: ", flag->Help()));
  }
  return equals == absl::string_view::npos;
}

// Abseil's own --help ends with 1 and lists nothing of ours.
[[noreturn]] void End(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  std::exit(0);
}

}  // namespace

absl::Status ParseFlags(int argc, char** argv, absl::string_view purpose,
                        absl::string_view version) {
  const absl::string_view path = argv[0];
  const absl::string_view program = path.substr(path.rfind('/') + 1);
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    if (word == "--" || word == "-" || !absl::ConsumePrefix(&word, "-")) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", argv[i], "' is no flag; flags are written --NAME=VALUE, and ", program,
                       " --help lists them."));
    }
    absl::ConsumePrefix(&word, "-");
    if (word == "help") End(HelpPage(program, purpose));
    if (word == "version") End(absl::StrCat(program, " ", version, "\n"));
    const absl::StatusOr<bool> takes_next =
        CheckFlag(word, i + 1 < argc ? argv[i + 1] : "", program);
    if (!takes_next.ok()) return takes_next.status();
    if (*takes_next) ++i;
  }
  absl::SetProgramUsageMessage(purpose);
  absl::ParseCommandLine(argc, argv);
  return absl::OkStatus();
}

}  // namespace meso
