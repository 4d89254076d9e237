// `mesoctl completion bash|zsh|fish`, and `mesoctl __complete`, which the scripts ask.
//
// The scripts know nothing: every candidate comes from the command tables, or for names of
// resources from the suite, asked with a short deadline and silence when it does not answer.
#ifndef MESO_SERVICES_MESOCTL_COMPLETION_H_
#define MESO_SERVICES_MESOCTL_COMPLETION_H_

#include <string>
#include <vector>

#include "services/mesoctl/cli/command.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {

struct Candidate {
  std::string word;
  std::string help;  // may be empty
};

struct Candidates {
  std::vector<Candidate> list;  // only those that begin with what was typed
  bool files = false;           // the shell shall offer files
};

// What may stand in place of the last of `words` (which may be empty). Names are asked for by
// running the noun's list command.
Candidates Complete(const CommandSet& set, const std::vector<std::string>& words, Session& session);

std::vector<Command> CompletionCommands();

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_COMPLETION_H_
