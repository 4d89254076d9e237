// A child process a test starts, kills and waits for: the real binaries, never a stand-in.
//
// The child dies with the test (parent-death signal). Output goes to a file. Not thread-safe.
#ifndef MESO_TESTS_SUPPORT_CHILD_PROCESS_H_
#define MESO_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace meso {

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess();  // SIGKILL
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Starts argv[0] with stdout and stderr appended to `log`; `environment` is added to the test's
  // own.
  void Start(const std::vector<std::string>& argv, const std::string& log,
             const std::map<std::string, std::string>& environment = {});
  // Sends the signal if it runs.
  void Signal(int signal);
  // Waits for its end (at most 60 s, then SIGKILL and -1). Returns the exit code, or 128 + the
  // signal that ended it.
  int Wait();
  // SIGKILL and Wait.
  void Kill();
  // True while it has not ended (reaps it if it has).
  bool running();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int exit_ = 0;
};

// Runs a command to its end and returns its stdout; `exit_code` may be nullptr.
std::string RunCommand(const std::vector<std::string>& argv, int* exit_code = nullptr,
                       const std::map<std::string, std::string>& environment = {});

// A fresh directory below the system's temporary one, removed by the destructor.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Waits until `condition` holds, checking every few milliseconds, at most `seconds_max`; false when
// it never did.
template <typename Condition>
bool WaitUntil(Condition condition, int seconds_max = 30);

// Lets a few milliseconds pass between two looks at a condition.
void PauseBetweenLooks();

template <typename Condition>
bool WaitUntil(Condition condition, int seconds_max) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_max);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    PauseBetweenLooks();
  }
  return true;
}

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_CHILD_PROCESS_H_
