#include "common/process/stop_signal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "common/base/check.h"

namespace meso {
namespace {

int pipe_ends[2] = {-1, -1};

// Only write() is allowed here; the pipe never blocks, so a second signal costs nothing.
void OnSignal(int signal) {
  const int saved = errno;
  const char number = static_cast<char>(signal);
  [[maybe_unused]] const ssize_t written = ::write(pipe_ends[1], &number, 1);
  errno = saved;
}

}  // namespace

void CatchStopSignals() {
  if (pipe_ends[0] >= 0) return;
  MESO_CHECK(::pipe2(pipe_ends, O_CLOEXEC) == 0, "no pipe for signals");
  ::fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

int WaitForStopSignal() {
  CatchStopSignals();
  char number = 0;
  while (::read(pipe_ends[0], &number, 1) != 1) {
    MESO_CHECK(errno == EINTR, "the signal pipe is broken");
  }
  return number;
}

}  // namespace meso
