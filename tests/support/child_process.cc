#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/check.h"

namespace meso {
namespace {

[[noreturn]] void Become(const std::vector<std::string>& argv,
                         const std::map<std::string, std::string>& environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> raw;
  raw.reserve(argv.size() + 1);
  for (const std::string& arg : argv) raw.push_back(const_cast<char*>(arg.c_str()));
  raw.push_back(nullptr);
  ::execvp(raw[0], raw.data());
  ::_exit(127);
}

}  // namespace

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Start(const std::vector<std::string>& argv, const std::string& log,
                         const std::map<std::string, std::string>& environment) {
  MESO_CHECK(!running(), "the child process runs already");
  pid_ = ::fork();
  MESO_CHECK(pid_ >= 0, "fork failed");
  if (pid_ == 0) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    Become(argv, environment);
  }
}

void ChildProcess::Signal(int signal) {
  if (running()) ::kill(pid_, signal);
}

bool ChildProcess::running() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return false;
}

int ChildProcess::Wait() {
  if (WaitUntil([this] { return !running(); }, 60)) return exit_;
  Kill();
  return -1;
}

void ChildProcess::Kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  exit_ = 128 + SIGKILL;
  pid_ = -1;
}

std::string RunCommand(const std::vector<std::string>& argv, int* exit_code,
                       const std::map<std::string, std::string>& environment) {
  TempDir dir;
  const std::string out = dir.path() + "/out";
  const pid_t pid = ::fork();
  MESO_CHECK(pid >= 0, "fork failed");
  if (pid == 0) {
    const int fd = ::open(out.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(fd, STDOUT_FILENO);
    Become(argv, environment);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (exit_code != nullptr) {
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::ifstream in(out, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "meso-test-XXXXXX").string();
  MESO_CHECK(::mkdtemp(pattern.data()) != nullptr, "no temporary directory");
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void PauseBetweenLooks() { ::poll(nullptr, 0, 5); }

}  // namespace meso
