// What can be typed, as data: commands, their flags and arguments, and the pages that explain them.
//
// command_line.cc collects the commands of all parts; command_parser reads a line against them,
// help_page and completion describe them. Nothing here runs anything, knows a service or keeps
// state.
#ifndef MESO_SERVICES_MESOCTL_CLI_COMMAND_H_
#define MESO_SERVICES_MESOCTL_CLI_COMMAND_H_

#include <functional>
#include <string>
#include <vector>

#include "services/mesoctl/report.h"

namespace meso::mesoctl {

class Invocation;  // command_parser.h
class Session;     // session.h

// What a shell may offer for a value.
struct ValueKind {
  enum class Of { kText, kFile, kWords, kNames };
  Of of = Of::kText;
  std::vector<std::string> words;  // of kWords
  std::string noun;                // of kNames: the noun whose `list -o name` gives them
};

struct Flag {
  std::string name;                  // "token_file": typed --token_file or --token-file
  std::string value;                 // "FILE": what follows it; empty = a switch
  std::string help;                  // one line, no full stop
  char letter = 0;                   // -o
  std::vector<std::string> aliases;  // other names
  std::vector<std::string> env;      // environment variables, the first that is set counts
  std::string fallback;              // what it is without being given
  bool required = false;
  bool repeated = false;  // may be given several times
  ValueKind kind;
  // Of a global flag that promises what not every command can keep (--dry-run): not empty, it is
  // refused by every command that does not name it in `takes`, and these words say why.
  std::string refusal;         // "can't be tried without doing it"
  std::string reader_refusal;  // the same of a command that only reads
};

struct Argument {
  std::string name;  // "METHOD"
  std::string help;
  bool required = true;
  ValueKind kind;
};

struct Command {
  std::vector<std::string> path;  // {"lots", "get"}
  std::string summary;            // one line, no full stop
  std::string details;            // further lines of the help page; may be empty
  std::vector<Argument> arguments;
  std::vector<Flag> flags;
  std::vector<std::string> examples;  // lines for a shell; two
  std::function<ExitCode(const Invocation&, Session&)> run;
  bool hidden = false;   // for machines: in no list
  bool offline = false;  // takes nothing from a context, so a broken one is no reason to fail
  std::vector<std::string> aliases;  // other last words, in no list
  std::vector<std::string> takes;    // global flags with a `refusal` that it heeds nevertheless
  bool reads = false;                // changes nothing, in the suite or in a file
};

// A noun: words that several commands begin with.
struct CommandGroup {
  std::vector<std::string> path;  // {"lots"}; empty = the program itself
  std::string summary;
  std::vector<std::string> examples;
};

struct CommandSet {
  std::vector<Flag> global_flags;
  std::vector<CommandGroup> groups;
  std::vector<Command> commands;
};

// A flag's or word's spelling for comparison: "token-file" and "token_file" are one.
std::string FlagKey(std::string name);

// nullptr when there is none.
const Command* FindCommand(const CommandSet& set, const std::vector<std::string>& path);
const CommandGroup* FindGroup(const CommandSet& set, const std::vector<std::string>& path);

// Whether the command heeds the flag: false for a global one that it refuses.
bool Takes(const Command& command, const Flag& flag);

// The words that may follow `path`, visible commands only, in the set's order, each once.
std::vector<std::string> NextWords(const CommandSet& set, const std::vector<std::string>& path);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CLI_COMMAND_H_
