#include "services/mesoctl/cli/help_page.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace meso::mesoctl {
namespace {

// Longer left columns put their text on a line of its own.
constexpr size_t kLeftMax = 32;
constexpr size_t kWidth = 100;

struct Line {
  std::string left;
  std::string right;
};

std::string Wrapped(absl::string_view text, size_t indent) {
  std::string out;
  size_t column = indent;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (column > indent && column + 1 + word.size() > kWidth) {
      absl::StrAppend(&out, "\n", std::string(indent, ' '));
      column = indent;
    }
    if (column > indent) {
      out += ' ';
      ++column;
    }
    absl::StrAppend(&out, word);
    column += word.size();
  }
  return out;
}

void AppendLines(absl::string_view title, const std::vector<Line>& lines, std::string& out) {
  if (lines.empty()) return;
  size_t width = 0;
  for (const Line& line : lines) {
    if (line.left.size() <= kLeftMax) width = std::max(width, line.left.size());
  }
  absl::StrAppend(&out, "\n", title, "\n");
  for (const Line& line : lines) {
    const std::string text = Wrapped(line.right, width + 4);
    if (line.left.size() <= width) {
      absl::StrAppend(&out, "  ", line.left, std::string(width + 2 - line.left.size(), ' '), text,
                      "\n");
    } else {
      absl::StrAppend(&out, "  ", line.left, "\n", std::string(width + 4, ' '), text, "\n");
    }
  }
}

std::string FlagLeft(const Flag& flag) {
  std::string left = flag.letter != 0 ? absl::StrFormat("-%c, ", flag.letter) : "";
  absl::StrAppend(&left, "--", flag.name);
  if (!flag.value.empty()) absl::StrAppend(&left, " ", flag.value);
  return left;
}

std::string FlagRight(const Flag& flag) {
  std::vector<std::string> notes;
  if (flag.required) notes.push_back("required");
  if (flag.repeated) notes.push_back("may be repeated");
  if (!flag.fallback.empty()) notes.push_back(absl::StrCat("default ", flag.fallback));
  if (!flag.env.empty()) notes.push_back(flag.env[0]);
  std::string text = flag.help;
  if (flag.kind.of == ValueKind::Of::kWords && !flag.kind.words.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : ": ", absl::StrJoin(flag.kind.words, ", "));
  }
  if (!notes.empty()) absl::StrAppend(&text, " (", absl::StrJoin(notes, "; "), ")");
  return text;
}

std::vector<Line> FlagLines(const std::vector<Flag>& flags) {
  std::vector<Line> lines;
  lines.reserve(flags.size());
  for (const Flag& flag : flags) lines.push_back({FlagLeft(flag), FlagRight(flag)});
  return lines;
}

void AppendExamples(const std::vector<std::string>& examples, std::string& out) {
  if (examples.empty()) return;
  absl::StrAppend(&out, "\nExamples:\n");
  for (const std::string& example : examples) absl::StrAppend(&out, "  ", example, "\n");
}

std::string UsageOf(const Command& command) {
  std::string usage = absl::StrCat("mesoctl ", absl::StrJoin(command.path, " "));
  for (const Argument& argument : command.arguments) {
    absl::StrAppend(&usage, argument.required ? " " : " [", argument.name,
                    argument.required ? "" : "]");
  }
  for (const Flag& flag : command.flags) {
    if (flag.required) absl::StrAppend(&usage, " --", flag.name, " ", flag.value);
  }
  return absl::StrCat(usage, " [flags]");
}

// Its own, and those of the global ones that not every command takes.
std::vector<Flag> FlagsOf(const CommandSet& set, const Command& command) {
  std::vector<Flag> flags = command.flags;
  for (const Flag& flag : set.global_flags) {
    if (!flag.refusal.empty() && Takes(command, flag)) flags.push_back(flag);
  }
  return flags;
}

std::string CommandPage(const CommandSet& set, const Command& command) {
  std::string out = absl::StrCat(command.summary, ".\n\n", UsageOf(command), "\n");
  if (!command.details.empty()) {
    for (const absl::string_view line : absl::StrSplit(command.details, '\n')) {
      absl::StrAppend(&out, "\n", Wrapped(line, 0));
    }
    out += "\n";
  }
  std::vector<Line> arguments;
  arguments.reserve(command.arguments.size());
  for (const Argument& argument : command.arguments) {
    arguments.push_back({argument.name, argument.help});
  }
  AppendLines("Arguments:", arguments, out);
  AppendLines("Flags:", FlagLines(FlagsOf(set, command)), out);
  AppendExamples(command.examples, out);
  absl::StrAppend(&out, "\n`mesoctl --help` shows the flags of all commands.\n");
  return out;
}

}  // namespace

std::string HelpPage(const CommandSet& set, const std::vector<std::string>& path) {
  if (const Command* command = FindCommand(set, path); command != nullptr) {
    return CommandPage(set, *command);
  }
  const CommandGroup* group = FindGroup(set, path);
  const std::string program =
      absl::StrCat("mesoctl ", absl::StrJoin(path, " "), path.empty() ? "" : " ");
  std::string out;
  if (group != nullptr) absl::StrAppend(&out, group->summary, ".\n\n");
  absl::StrAppend(&out, program, path.empty() ? "COMMAND" : "VERB", " [flags]\n");
  std::vector<Line> lines;
  for (const std::string& word : NextWords(set, path)) {
    std::vector<std::string> longer = path;
    longer.push_back(word);
    const Command* command = FindCommand(set, longer);
    const CommandGroup* inner = FindGroup(set, longer);
    const std::string summary =
        command != nullptr ? command->summary : (inner != nullptr ? inner->summary : "");
    lines.push_back({word, summary});
  }
  AppendLines(path.empty() ? "Commands:" : "Verbs:", lines, out);
  if (path.empty()) AppendLines("Flags of every command:", FlagLines(set.global_flags), out);
  if (group != nullptr) AppendExamples(group->examples, out);
  absl::StrAppend(&out, "\n`", program, path.empty() ? "COMMAND" : "VERB",
                  " --help` shows its flags and examples.\n");
  return out;
}

}  // namespace meso::mesoctl
