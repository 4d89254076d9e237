#include "services/mesoctl/cli/command_parser.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/cli/near_words.h"

namespace meso::mesoctl {
namespace {

bool IsNamed(const Flag& flag, const std::string& key) {
  if (FlagKey(flag.name) == key) return true;
  return std::any_of(flag.aliases.begin(), flag.aliases.end(),
                     [&](const std::string& alias) { return FlagKey(alias) == key; });
}

std::string Spoken(const std::vector<std::string>& path) { return absl::StrJoin(path, " "); }

std::string HelpOf(const std::vector<std::string>& path) {
  return absl::StrCat("mesoctl ", Spoken(path), path.empty() ? "" : " ", "--help");
}

absl::Status Misuse(absl::string_view what, const std::vector<std::string>& near,
                    absl::string_view next) {
  std::string text(what);
  if (!near.empty()) {
    absl::StrAppend(&text, "\n  Did you mean ", absl::StrJoin(near, " or "), "?");
  }
  absl::StrAppend(&text, "\n  Next: ", next, ".");
  return absl::InvalidArgumentError(text);
}

class Parser {
 public:
  Parser(const CommandSet& set, const std::vector<std::string>& words) : set_(set), words_(words) {}

  absl::StatusOr<Invocation> Run() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (flags_ended_ || word.size() < 2 || word[0] != '-') {
        MESO_RETURN_IF_ERROR(TakeWord(word));
      } else if (word == "--") {
        flags_ended_ = true;
      } else if (word == "-h" || word == "--help") {
        result_.help = true;
      } else if (word == "--version" && result_.path.empty()) {
        MESO_RETURN_IF_ERROR(TakeWord("version"));
      } else {
        MESO_RETURN_IF_ERROR(TakeFlag(word));
      }
    }
    if (result_.command == nullptr && !result_.help) return Unfinished();
    if (!result_.help) MESO_RETURN_IF_ERROR(CheckTaken());
    return std::move(result_);
  }

 private:
  absl::Status TakeWord(const std::string& word) {
    if (result_.command != nullptr) return TakeArgument(word);
    if (word == "help") {
      result_.help = true;
      return absl::OkStatus();
    }
    std::vector<std::string> path = result_.path;
    path.push_back(word);
    const std::vector<std::string> known = NextWords(set_, path);
    const Command* command = FindCommand(set_, path);
    if (command == nullptr && known.empty()) {
      std::vector<std::string> near = NearWords(word, NextWords(set_, result_.path));
      for (std::string& one : near) {
        one = absl::StrCat("`mesoctl ", Spoken(result_.path), result_.path.empty() ? "" : " ", one,
                           "`");
      }
      return Misuse(absl::StrCat("there is no command `", Spoken(path), "`"), near,
                    absl::StrCat("`", HelpOf(result_.path), "` shows what there is"));
    }
    result_.path = command == nullptr ? std::move(path) : command->path;
    result_.command = command;
    return absl::OkStatus();
  }

  absl::Status TakeArgument(const std::string& word) {
    if (result_.arguments.size() >= result_.command->arguments.size()) {
      return Misuse(
          absl::StrCat("`", word, "` is one word too many for `", Spoken(result_.path), "`"), {},
          absl::StrCat("`", HelpOf(result_.path), "` shows how it is called"));
    }
    result_.arguments.push_back(word);
    return absl::OkStatus();
  }

  // `word` begins with a dash.
  absl::Status TakeFlag(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string typed = word.substr(0, equals);
    const Flag* flag = nullptr;
    std::optional<std::string> value;
    if (absl::StartsWith(word, "--")) {
      flag = FindFlag(set_, result_.command, typed.substr(2));
      if (equals != std::string::npos) value = word.substr(equals + 1);
    } else {
      flag = FindLetter(word[1]);
      if (word.size() > 2) value = word.substr(word[2] == '=' ? 3 : 2);
    }
    if (flag == nullptr) return UnknownFlag(typed);
    std::vector<std::string>& given = result_.given[FlagKey(flag->name)];
    if (flag->value.empty()) {
      if (value && *value != "true" && *value != "false") {
        return Misuse(absl::StrCat(typed, " takes no value"), {}, "leave the value out");
      }
      given = {value.value_or("true")};
      return absl::OkStatus();
    }
    if (!value && next_ >= words_.size()) {
      return Misuse(absl::StrCat(typed, " needs a value: ", flag->value), {},
                    absl::StrCat("`", HelpOf(result_.path), "` shows what it is"));
    }
    if (!value) value = words_[next_++];
    if (!flag->repeated) given.clear();
    given.push_back(*std::move(value));
    return absl::OkStatus();
  }

  // Whoever asks for a trial must never get the deed.
  absl::Status CheckTaken() const {
    for (const Flag& flag : set_.global_flags) {
      const auto given = result_.given.find(FlagKey(flag.name));
      const bool off = flag.value.empty() && !result_.On(flag.name);
      if (given == result_.given.end() || off || Takes(*result_.command, flag)) continue;
      return Misuse(absl::StrCat("`", Spoken(result_.path), "` ",
                                 result_.command->reads ? flag.reader_refusal : flag.refusal,
                                 ", so it takes no --", flag.name, "; nothing was done"),
                    {},
                    absl::StrCat("leave --", flag.name, " out; `", HelpOf(result_.path),
                                 "` says what it does"));
    }
    return absl::OkStatus();
  }

  const Flag* FindLetter(char letter) const {
    if (result_.command != nullptr) {
      for (const Flag& flag : result_.command->flags) {
        if (flag.letter == letter) return &flag;
      }
    }
    for (const Flag& flag : set_.global_flags) {
      if (flag.letter == letter) return &flag;
    }
    return nullptr;
  }

  absl::Status UnknownFlag(const std::string& typed) const {
    std::vector<std::string> names;
    const auto add = [&](const Flag& flag) { names.push_back(absl::StrCat("--", flag.name)); };
    if (result_.command != nullptr) {
      std::for_each(result_.command->flags.begin(), result_.command->flags.end(), add);
    }
    std::for_each(set_.global_flags.begin(), set_.global_flags.end(), add);
    const std::string where = result_.path.empty() ? "mesoctl (a command's own flags come after it)"
                                                   : absl::StrCat("`", Spoken(result_.path), "`");
    return Misuse(absl::StrCat(typed, " is no flag of ", where), NearWords(typed, names),
                  absl::StrCat("`", HelpOf(result_.path), "` shows the flags"));
  }

  absl::Status Unfinished() const {
    const std::vector<std::string> known = NextWords(set_, result_.path);
    if (result_.path.empty()) {
      return Misuse("no command was given", {}, "`mesoctl --help` shows what there is");
    }
    return Misuse(absl::StrCat("`", Spoken(result_.path),
                               "` needs one more word: ", absl::StrJoin(known, ", ")),
                  {}, absl::StrCat("`", HelpOf(result_.path), "` says what each does"));
  }

  const CommandSet& set_;
  const std::vector<std::string>& words_;
  size_t next_ = 0;
  bool flags_ended_ = false;
  Invocation result_;
};

std::string DefaultOf(const Flag& flag, const Environment& environment,
                      const std::map<std::string, std::string>& context) {
  for (const std::string& variable : flag.env) {
    const std::optional<std::string> value = environment(variable);
    if (value && !value->empty()) return *value;
  }
  auto found = context.find(FlagKey(flag.name));
  for (const std::string& alias : flag.aliases) {
    if (found == context.end()) found = context.find(FlagKey(alias));
  }
  return found != context.end() ? found->second : flag.fallback;
}

}  // namespace

bool Invocation::Has(absl::string_view flag) const {
  return given.count(FlagKey(std::string(flag))) > 0;
}

std::string Invocation::Get(absl::string_view flag) const {
  const std::string key = FlagKey(std::string(flag));
  const auto found = given.find(key);
  if (found != given.end() && !found->second.empty()) return found->second.back();
  const auto fallback = defaults.find(key);
  return fallback == defaults.end() ? "" : fallback->second;
}

std::vector<std::string> Invocation::All(absl::string_view flag) const {
  const auto found = given.find(FlagKey(std::string(flag)));
  if (found != given.end()) return found->second;
  const std::string value = Get(flag);
  return value.empty() ? std::vector<std::string>{} : std::vector<std::string>{value};
}

std::string Invocation::Argument(size_t index) const {
  return index < arguments.size() ? arguments[index] : "";
}

const Flag* FindFlag(const CommandSet& set, const Command* command, absl::string_view name) {
  const std::string key = FlagKey(std::string(name));
  if (command != nullptr) {
    for (const Flag& flag : command->flags) {
      if (IsNamed(flag, key)) return &flag;
    }
  }
  for (const Flag& flag : set.global_flags) {
    if (IsNamed(flag, key)) return &flag;
  }
  return nullptr;
}

absl::StatusOr<Invocation> ParseCommandLine(const CommandSet& set,
                                            const std::vector<std::string>& words) {
  return Parser(set, words).Run();
}

void ApplyDefaults(const CommandSet& set, const Environment& environment,
                   const std::map<std::string, std::string>& context, Invocation* invocation) {
  const auto apply = [&](const Flag& flag) {
    const std::string value = DefaultOf(flag, environment, context);
    if (!value.empty()) invocation->defaults[FlagKey(flag.name)] = value;
  };
  for (const Flag& flag : set.global_flags) {
    // A command's own flag of the same name stands in its place (`audit export --output FILE`).
    if (FindFlag(set, invocation->command, flag.name) == &flag) apply(flag);
  }
  if (invocation->command == nullptr) return;
  std::for_each(invocation->command->flags.begin(), invocation->command->flags.end(), apply);
}

absl::Status CheckComplete(const Invocation& invocation) {
  std::vector<std::string> missing;
  const Command& command = *invocation.command;
  for (size_t i = invocation.arguments.size(); i < command.arguments.size(); ++i) {
    if (command.arguments[i].required) missing.push_back(command.arguments[i].name);
  }
  for (const Flag& flag : command.flags) {
    if (flag.required && invocation.Get(flag.name).empty()) {
      missing.push_back(absl::StrCat("--", flag.name, " ", flag.value));
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return Misuse(
      absl::StrCat("`", Spoken(invocation.path), "` needs ", absl::StrJoin(missing, " and ")), {},
      absl::StrCat("`", HelpOf(invocation.path), "` shows examples"));
}

}  // namespace meso::mesoctl
