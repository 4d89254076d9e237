#include "services/mesoctl/self_process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

extern char** environ;

namespace meso::mesoctl {

absl::StatusOr<ProcessResult> RunSelf(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::UnavailableError("no pipe can be made");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::string name = "mesoctl";
  std::vector<std::string> words = arguments;
  std::vector<char*> argv = {name.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  ProcessResult result;
  char buffer[4096];
  for (;;) {
    const ssize_t size = error == 0 ? read(ends[0], buffer, sizeof(buffer)) : 0;
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    result.output.append(buffer, static_cast<size_t>(size));
  }
  close(ends[0]);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("mesoctl can't be started: ", strerror(error)));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return absl::UnavailableError("mesoctl was killed");
  result.exit_code = WEXITSTATUS(status);
  return result;
}

}  // namespace meso::mesoctl
