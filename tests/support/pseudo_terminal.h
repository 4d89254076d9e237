// A terminal of the test's own, for what a program does only where a person watches.
//
// Programs are started with its path as their output, or a test opens the path itself; what they
// write is collected byte for byte, without a terminal's own line ends. Not thread-safe.
#ifndef MESO_TESTS_SUPPORT_PSEUDO_TERMINAL_H_
#define MESO_TESTS_SUPPORT_PSEUDO_TERMINAL_H_

#include <map>
#include <string>
#include <vector>

namespace meso {

class PseudoTerminal {
 public:
  PseudoTerminal();
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  // For ChildProcess::Start, or for opening.
  const std::string& path() const { return path_; }

  // All that was written until now.
  const std::string& Text();
  // Waits until `text` was written; false when it never was.
  bool Shows(const std::string& text);

  // Runs a program with its stdout and stderr here, to its end; returns its exit code.
  int Run(const std::vector<std::string>& argv,
          const std::map<std::string, std::string>& environment = {});

 private:
  int ours_ = -1;
  int theirs_ = -1;  // kept open: without a writer the terminal would hang up
  std::string path_;
  std::string text_;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_PSEUDO_TERMINAL_H_
