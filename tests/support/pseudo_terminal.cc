#include "tests/support/pseudo_terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/check.h"
#include "tests/support/child_process.h"

namespace meso {

PseudoTerminal::PseudoTerminal() {
  ours_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  char name[128];
  MESO_CHECK(ours_ >= 0 && ::grantpt(ours_) == 0 && ::unlockpt(ours_) == 0 &&
                 ::ptsname_r(ours_, name, sizeof(name)) == 0,
             "no pseudo terminal");
  path_ = name;
  theirs_ = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios modes;
  MESO_CHECK(theirs_ >= 0 && ::tcgetattr(theirs_, &modes) == 0, "the pseudo terminal can't be set");
  ::cfmakeraw(&modes);
  MESO_CHECK(::tcsetattr(theirs_, TCSANOW, &modes) == 0, "the pseudo terminal can't be set");
}

PseudoTerminal::~PseudoTerminal() {
  ::close(theirs_);
  ::close(ours_);
}

const std::string& PseudoTerminal::Text() {
  char buffer[4096];
  for (ssize_t size = 0; (size = ::read(ours_, buffer, sizeof(buffer))) > 0;) {
    text_.append(buffer, static_cast<size_t>(size));
  }
  return text_;
}

bool PseudoTerminal::Shows(const std::string& text) {
  return WaitUntil([&] { return Text().find(text) != std::string::npos; });
}

int PseudoTerminal::Run(const std::vector<std::string>& argv,
                        const std::map<std::string, std::string>& environment) {
  ChildProcess child;
  child.Start(argv, path_, environment);
  // Read while it runs: a full terminal would stop it.
  WaitUntil([&] {
    Text();
    return !child.running();
  });
  const int code = child.Wait();
  Text();
  return code;
}

}  // namespace meso
