#include "common/config/help_page.h"

#include <map>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace meso {
namespace {

constexpr size_t kWidth = 80;

// Words in lines of at most kWidth, each begun with `indent`.
std::string Wrap(absl::string_view text, absl::string_view indent) {
  std::string wrapped;
  std::string line;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&wrapped, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? indent : " ", word);
  }
  return absl::StrCat(wrapped, line, "\n");
}

// Abseil's own flags are in every program; the few that are of use are told below.
bool IsOurs(const absl::CommandLineFlag& flag) {
  return !flag.IsRetired() && !absl::StrContains(flag.Filename(), "absl/flags/");
}

}  // namespace

std::string HelpPage(absl::string_view program, absl::string_view purpose) {
  std::map<std::string, const absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(*flag)) flags.emplace(name, flag);
  }
  std::string page = absl::StrCat(Wrap(absl::StrCat(program, ": ", purpose), ""),
                                  "\nFlags, written --NAME=VALUE:\n");
  for (const auto& [name, flag] : flags) {
    const std::string standard = flag->DefaultValue();
    absl::StrAppend(&page, "  --", name,
                    standard.empty() ? "" : absl::StrCat(" (default ", standard, ")"), "\n",
                    Wrap(flag->Help(), "      "));
  }
  absl::StrAppend(
      &page,
      "\n  --flagfile=FILE reads flags from a file, one a line; --fromenv=NAME,... takes\n"
      "  them from the environment, as FLAGS_NAME. --version tells the version.\n");
  return page;
}

}  // namespace meso
