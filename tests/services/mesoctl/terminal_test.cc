// The program at a terminal and away from one: colours, NO_COLOR, and what moves while it works.
#include "services/mesoctl/cli/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "absl/strings/str_cat.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/child_process.h"
#include "tests/support/pseudo_terminal.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Colours end in m; what moves the cursor does not.
constexpr char kColour[] = "\x1b\\[[0-9;]*m";
constexpr char kEscape[] = "\x1b";

std::string Program() {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  return (self.parent_path().parent_path() / "bin/mesoctl").string();
}

// The line with just these settings, whatever the test was started with.
std::vector<std::string> Typed(const std::vector<std::string>& settings,
                               const std::vector<std::string>& words) {
  std::vector<std::string> line = {"env", "-u", "NO_COLOR", "-u", "TERM", "MESO_CONFIG=/none"};
  line.insert(line.end(), settings.begin(), settings.end());
  line.push_back(Program());
  line.insert(line.end(), words.begin(), words.end());
  return line;
}

std::string AtATerminal(const std::vector<std::string>& settings,
                        const std::vector<std::string>& words) {
  PseudoTerminal terminal;
  terminal.Run(Typed(settings, words));
  return terminal.Text();
}

// Both streams in a file.
std::string InAFile(const std::vector<std::string>& words) {
  const TempDir dir;
  const std::string file = absl::StrCat(dir.path(), "/out");
  ChildProcess child;
  child.Start(Typed({"TERM=xterm"}, words), file);
  child.Wait();
  std::ifstream text(file);
  return std::string(std::istreambuf_iterator<char>(text), {});
}

bool IsColoured(const std::string& text) {
  return std::regex_search(text, std::regex(kColour, std::regex::extended));
}

// Commands that paint in ways of their own: a table, findings, a story.
class TerminalTest : public ::testing::Test {
 protected:
  TerminalTest() {
    const std::string keys = absl::StrCat(dir_.path(), "/keys");
    EXPECT_EQ(RunLine({"admin", "init", keys}).code, ExitCode::kOk);
    demo_load_ = {
        "demo",    "load",  "--keys",       keys,        "--tokens", dir_.path() + "/tokens",
        "--chain", "small", "--start_date", "2026-11-24"};
    // Refused at its first call, which is not made: a token does not leave in the clear.
    demo_load_.emplace_back("--scheduling_address=192.0.2.1:1");
    doctor_ = {"doctor"};
    for (const char* service : kServiceNames) {
      doctor_.push_back(absl::StrCat("--", service, "_address=unix:", dir_.path(), "/nobody"));
    }
  }

  TempDir dir_;
  const std::vector<std::string> table_ = {"errors", "list"};
  std::vector<std::string> doctor_;
  std::vector<std::string> demo_load_;
};

TEST_F(TerminalTest, ColoursAreForATerminalThatDoesNotForbidThem) {
  for (const std::vector<std::string>& words : {table_, doctor_, demo_load_}) {
    SCOPED_TRACE(words[0]);
    EXPECT_TRUE(IsColoured(AtATerminal({"TERM=xterm"}, words)));
    EXPECT_TRUE(IsColoured(AtATerminal({"TERM=xterm", "NO_COLOR="}, words))) << "it says nothing";
    EXPECT_FALSE(IsColoured(AtATerminal({"TERM=xterm", "NO_COLOR=1"}, words)));
    EXPECT_FALSE(IsColoured(AtATerminal({"TERM=xterm", "NO_COLOR=0"}, words)));
    EXPECT_THAT(AtATerminal({"TERM=dumb"}, words), Not(HasSubstr(kEscape)));
    EXPECT_THAT(AtATerminal({}, words), Not(HasSubstr(kEscape))) << "no TERM is no terminal";
    EXPECT_THAT(InAFile(words), Not(HasSubstr(kEscape)));
  }
}

// What would ask by itself would forget NO_COLOR, as the story did.
TEST_F(TerminalTest, OnlyMainAsksWhetherAStreamIsATerminal) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator("services/mesoctl")) {
    if (!entry.is_regular_file() || entry.path().filename() == "main.cc") continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_THAT(text, Not(HasSubstr("isatty"))) << entry.path();
  }
}

TEST_F(TerminalTest, AProgressBarIsDrawnAtATerminalOnly) {
  EXPECT_THAT(AtATerminal({"TERM=xterm"}, demo_load_),
              AllOf(HasSubstr("\r\x1b[K   sites, staff, treatments"), HasSubstr("░")));
  EXPECT_THAT(AtATerminal({"TERM=xterm", "NO_COLOR=1"}, demo_load_), HasSubstr("░"))
      << "it is no colour";
  EXPECT_THAT(InAFile(demo_load_), Not(HasSubstr("░")));
}

// Takes connections and says nothing.
class SilentServer {
 public:
  explicit SilentServer(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(socket_, 16), 0);
  }
  ~SilentServer() { End(); }
  // Whoever waits is let go.
  void End() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

 private:
  int socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

TEST_F(TerminalTest, ASpinnerTurnsWhileACallTakesLongAtATerminalOnly) {
  const std::string path = absl::StrCat(dir_.path(), "/silent");
  SilentServer server(path);
  const std::vector<std::string> words = {"sites", "list", "--scheduling_address",
                                          absl::StrCat("unix:", path), "--timeout"};
  const auto within = [&](const char* timeout) {
    std::vector<std::string> line = words;
    line.emplace_back(timeout);
    return line;
  };
  // Three times the time after which a spinner begins to turn.
  EXPECT_THAT(InAFile(within("1050ms")),
              AllOf(HasSubstr("mesoctl: sites list: "), Not(HasSubstr("ListSites...")),
                    Not(HasSubstr(kEscape))));
  PseudoTerminal terminal;
  ChildProcess child;
  child.Start(Typed({"TERM=xterm"}, within("20s")), terminal.path());
  EXPECT_TRUE(terminal.Shows("\r\x1b[K/ ListSites...")) << terminal.Text();
  server.End();
  child.Wait();
  EXPECT_THAT(terminal.Text(), HasSubstr("ListSites...\r\x1b[Kmesoctl: sites list: "));
}

}  // namespace
}  // namespace meso::mesoctl
