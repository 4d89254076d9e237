#include "services/mesoctl/cli/command.h"

#include <algorithm>

namespace meso::mesoctl {
namespace {

bool BeginsWith(const std::vector<std::string>& path, const std::vector<std::string>& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

bool IsAlias(const Command& command, const std::vector<std::string>& path) {
  return path.size() == command.path.size() &&
         std::equal(path.begin(), path.end() - 1, command.path.begin()) &&
         std::find(command.aliases.begin(), command.aliases.end(), path.back()) !=
             command.aliases.end();
}

}  // namespace

std::string FlagKey(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

const Command* FindCommand(const CommandSet& set, const std::vector<std::string>& path) {
  for (const Command& command : set.commands) {
    if (command.path == path || IsAlias(command, path)) return &command;
  }
  return nullptr;
}

const CommandGroup* FindGroup(const CommandSet& set, const std::vector<std::string>& path) {
  for (const CommandGroup& group : set.groups) {
    if (group.path == path) return &group;
  }
  return nullptr;
}

bool Takes(const Command& command, const Flag& flag) {
  return flag.refusal.empty() ||
         std::find(command.takes.begin(), command.takes.end(), flag.name) != command.takes.end();
}

std::vector<std::string> NextWords(const CommandSet& set, const std::vector<std::string>& path) {
  std::vector<std::string> words;
  for (const Command& command : set.commands) {
    if (command.hidden || command.path.size() <= path.size() || !BeginsWith(command.path, path)) {
      continue;
    }
    const std::string& word = command.path[path.size()];
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  return words;
}

}  // namespace meso::mesoctl
