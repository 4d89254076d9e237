#include "services/mesoctl/completion.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/resource_name.h"
#include "services/mesoctl/api/api_commands.h"
#include "services/mesoctl/cli/command_parser.h"
#include "services/mesoctl/command_line.h"
#include "services/mesoctl/completion_scripts.h"
#include "services/mesoctl/error_pages.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

// A shell waits for us at every press of the key.
constexpr char kNamesTimeout[] = "1500ms";
constexpr char kNamesLimit[] = "300";

class Completer {
 public:
  Completer(const CommandSet& set, const std::vector<std::string>& words, Session& session)
      : set_(set), words_(words), session_(session), typed_(words.empty() ? "" : words.back()) {}

  Candidates Run() {
    for (size_t i = 0; i + 1 < words_.size(); ++i) i = Walk(i);
    if (waiting_ != nullptr) {
      AddKind(waiting_->kind, "");
    } else if (!flags_ended_ && absl::StartsWith(typed_, "-")) {
      AddFlags();
    } else if (command_ == nullptr) {
      AddWords();
    } else if (arguments_ < command_->arguments.size()) {
      AddKind(command_->arguments[arguments_].kind, "");
    }
    return std::move(result_);
  }

 private:
  // Takes one finished word in; returns the last index used.
  size_t Walk(size_t i) {
    const std::string& word = words_[i];
    if (word == "--") {
      flags_ended_ = true;
    } else if (!flags_ended_ && word.size() > 1 && word[0] == '-') {
      return WalkFlag(i);
    } else if (command_ != nullptr) {
      ++arguments_;
    } else {
      path_.push_back(word);
      command_ = FindCommand(set_, path_);
    }
    return i;
  }

  size_t WalkFlag(size_t i) {
    const std::string& word = words_[i];
    const size_t equals = word.find('=');
    const Flag* flag = FlagOf(word.substr(0, equals));
    if (flag == nullptr || flag->value.empty()) return i;
    const bool global = FindFlag(set_, nullptr, flag->name) == flag;
    if (equals != std::string::npos) {
      if (global) kept_.push_back(word);
      return i;
    }
    if (i + 2 >= words_.size()) {
      waiting_ = flag;
      return i;
    }
    if (global) {
      kept_.push_back(word);
      kept_.push_back(words_[i + 1]);
    }
    return i + 1;
  }

  const Flag* FlagOf(const std::string& word) const {
    if (absl::StartsWith(word, "--")) return FindFlag(set_, command_, word.substr(2));
    for (const auto* flags :
         {command_ == nullptr ? nullptr : &command_->flags, &set_.global_flags}) {
      if (flags == nullptr) continue;
      for (const Flag& flag : *flags) {
        if (word.size() == 2 && flag.letter == word[1]) return &flag;
      }
    }
    return nullptr;
  }

  void Add(const std::string& word, const std::string& help) {
    if (absl::StartsWith(word, typed_)) result_.list.push_back({word, help});
  }

  void AddWords() {
    for (const std::string& word : NextWords(set_, path_)) {
      std::vector<std::string> longer = path_;
      longer.push_back(word);
      const Command* command = FindCommand(set_, longer);
      const CommandGroup* group = FindGroup(set_, longer);
      Add(word, command != nullptr ? command->summary : group != nullptr ? group->summary : "");
    }
  }

  void AddFlags() {
    const size_t equals = typed_.find('=');
    if (equals != std::string::npos) {
      const Flag* flag = FlagOf(typed_.substr(0, equals));
      if (flag != nullptr) AddKind(flag->kind, typed_.substr(0, equals + 1));
      return;
    }
    if (command_ != nullptr) {
      for (const Flag& flag : command_->flags) Add(absl::StrCat("--", flag.name), flag.help);
    }
    for (const Flag& flag : set_.global_flags) {
      if (command_ != nullptr && !Takes(*command_, flag)) continue;
      Add(absl::StrCat("--", flag.name), flag.help);
    }
    Add("--help", "Explain the command");
  }

  // `lead` stands before every word: "--state=".
  void AddKind(const ValueKind& kind, const std::string& lead) {
    switch (kind.of) {
      case ValueKind::Of::kFile:
        result_.files = lead.empty();
        return;
      case ValueKind::Of::kWords:
        for (const std::string& word : kind.words) Add(absl::StrCat(lead, word), "");
        return;
      case ValueKind::Of::kNames:
        return AddNames(NamesOf(kind.noun), lead);
      case ValueKind::Of::kText:
        return;
    }
  }

  // "par-1" for sites/par-1; the whole names when no short one begins as what was typed.
  void AddNames(const std::vector<std::string>& names, const std::string& lead) {
    for (const std::string& name : names) {
      const std::vector<std::string> parts = absl::StrSplit(name, '/');
      const bool is_short = parts.size() == 2 && !IsUuid(parts[1]);
      if (is_short) Add(absl::StrCat(lead, parts[1]), "");
    }
    if (!result_.list.empty()) return;
    for (const std::string& name : names) Add(absl::StrCat(lead, name), "");
  }

  std::vector<std::string> NamesOf(const std::string& noun) {
    if (noun == "errors") return ErrorReasons();
    if (noun == "methods" || noun == "describe") return MethodNames(noun == "describe");
    std::vector<std::string> line = {noun, "list", "-o", "name"};
    if (ListOf(noun) != nullptr) {
      line.insert(line.end(), {"--limit", kNamesLimit, "--timeout", kNamesTimeout});
      line.insert(line.end(), kept_.begin(), kept_.end());
    } else if (noun != "context") {
      return {};
    }
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Streams streams;
    streams.in = &in;
    streams.out = &out;
    streams.err = &err;
    if (RunCommandLine(line, session_.environment(), streams) != ExitCode::kOk) return {};
    return absl::StrSplit(out.str(), '\n', absl::SkipEmpty());
  }

  static std::vector<std::string> MethodNames(bool with_messages) {
    std::set<std::string> names;
    for (const auto* service : ApiServices()) {
      if (with_messages) names.insert(service->name());
      for (int i = 0; i < service->method_count(); ++i) {
        const auto& method = *service->method(i);
        names.insert(method.name());
        if (!with_messages) continue;
        names.insert(method.input_type()->name());
        names.insert(method.output_type()->name());
      }
    }
    return std::vector<std::string>(names.begin(), names.end());
  }

  const CommandSet& set_;
  const std::vector<std::string>& words_;
  Session& session_;
  const std::string typed_;
  std::vector<std::string> path_;
  const Command* command_ = nullptr;
  const Flag* waiting_ = nullptr;  // a flag whose value is being typed
  std::vector<std::string> kept_;  // global flags, for asking the suite
  size_t arguments_ = 0;
  bool flags_ended_ = false;
  Candidates result_;
};

ExitCode PrintScript(const Invocation& invocation, Session& session) {
  const std::string shell = invocation.Argument(0);
  const std::string script = CompletionScript(shell);
  if (script.empty()) {
    return session.Fail("completion",
                        absl::InvalidArgumentError(absl::StrCat("there is no script for ", shell,
                                                                "; write bash, zsh or fish")));
  }
  session.out() << script;
  return ExitCode::kOk;
}

ExitCode PrintCandidates(const Invocation& invocation, Session& session) {
  const Candidates candidates =
      Complete(session.commands(), absl::StrSplit(invocation.Argument(0), '\x1f'), session);
  for (const Candidate& candidate : candidates.list) {
    session.out() << candidate.word;
    if (!candidate.help.empty()) session.out() << "\t" << candidate.help;
    session.out() << "\n";
  }
  if (candidates.files) session.out() << ":files\n";
  return ExitCode::kOk;
}

}  // namespace

Candidates Complete(const CommandSet& set, const std::vector<std::string>& words,
                    Session& session) {
  return Completer(set, words, session).Run();
}

std::vector<Command> CompletionCommands() {
  return {
      {.path = {"completion"},
       .summary = "Print the completion script of a shell",
       .details = "bash: source <(mesoctl completion bash), for ever in ~/.bashrc.\n"
                  "zsh: mesoctl completion zsh > \"${fpath[1]}/_mesoctl\".\n"
                  "fish: mesoctl completion fish > ~/.config/fish/completions/mesoctl.fish.",
       .arguments = {{.name = "SHELL",
                      .help = "bash, zsh or fish",
                      .kind = {ValueKind::Of::kWords, {"bash", "zsh", "fish"}, ""}}},
       .examples = {"source <(mesoctl completion bash)", "mesoctl completion fish"},
       .run = PrintScript,
       .offline = true,
       .reads = true},
      {.path = {"__complete"},
       .summary = "What the completion scripts ask; the words so far, divided by the byte 31",
       .arguments = {{.name = "WORDS", .help = "Without the program's name"}},
       .examples = {},
       .run = PrintCandidates,
       .hidden = true,
       .reads = true},
  };
}

}  // namespace meso::mesoctl
