#include "services/mesoctl/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/mesoctl/completion_scripts.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/child_process.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

// The words offered for the last of `words`.
std::vector<std::string> Offered(const std::vector<std::string>& words,
                                 const std::map<std::string, std::string>& variables = {}) {
  const Ran ran = RunLine({"__complete", "--", absl::StrJoin(words, "\x1f")}, variables);
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  std::vector<std::string> offered;
  for (const absl::string_view line : absl::StrSplit(ran.out, '\n', absl::SkipEmpty())) {
    offered.emplace_back(line.substr(0, line.find('\t')));
  }
  return offered;
}

TEST(CompletionTest, NounsVerbsAndFlagsAreOffered) {
  EXPECT_THAT(Offered({""}),
              AllOf(Contains("appointments"), Contains("doctor"), Not(Contains("__complete"))));
  EXPECT_THAT(Offered({"appo"}), ElementsAre("appointments"));
  EXPECT_THAT(Offered({"lots", ""}), IsSupersetOf({"get", "list", "quarantine", "release"}));
  EXPECT_THAT(Offered({"lots", "list", "--pro"}), ElementsAre("--product"));
  EXPECT_THAT(Offered({"stock", "receive", "--dry"}), ElementsAre("--dry-run"));
  EXPECT_THAT(Offered({"lots", "list", "--dry"}), IsEmpty()) << "it would be refused";
  EXPECT_THAT(Offered({"--sit"}), ElementsAre("--site"));
}

TEST(CompletionTest, TheValuesOfWordsAreOffered) {
  EXPECT_THAT(Offered({"lots", "list", "-o", ""}), ElementsAre("table", "json", "csv", "name"));
  EXPECT_THAT(Offered({"--output=c"}), ElementsAre("--output=csv"));
  EXPECT_THAT(Offered({"appointments", "cancel", "x", "--reason", "patient_"}),
              ElementsAre("patient_request", "patient_ill"));
  EXPECT_THAT(Offered({"appointments", "list", "--state", "b"}), ElementsAre("booked"));
  EXPECT_THAT(Offered({"movements", "list", "--kind", "rec"}),
              ElementsAre("receipt", "receive_transfer"));
  EXPECT_THAT(Offered({"audit", "entries", "--outcome", "re"}), ElementsAre("refused"));
  EXPECT_THAT(Offered({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Offered({"errors", "explain", "SLOT"}), ElementsAre("SLOT_TAKEN"));
  EXPECT_THAT(Offered({"describe", "DrawStock"}), Contains("DrawStockRequest"));
  EXPECT_THAT(Offered({"lots", "list", "--token_file", ""}), ElementsAre(":files"));
}

TEST(CompletionTest, ASuiteThatDoesNotAnswerIsSilence) {
  const TempDir dir;
  EXPECT_THAT(Offered({"sites", "get", ""},
                      {{"MESO_SCHEDULING_ADDRESS", absl::StrCat("unix:", dir.path(), "/nobody")}}),
              IsEmpty());
}

TEST(CompletionTest, EveryShellHasItsScript) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = RunLine({"completion", shell});
    EXPECT_EQ(ran.code, ExitCode::kOk);
    EXPECT_THAT(ran.out, HasSubstr("__complete --"));
  }
  const Ran ran = RunLine({"completion", "tcsh"});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_THAT(ran.err, HasSubstr("bash, zsh or fish"));
}

// What a shell with the real program behind it is started with; `home` is all it has of its own.
std::map<std::string, std::string> ShellVariables(const std::string& home) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string bin = (self.parent_path().parent_path() / "bin").string();
  return {{"PATH", absl::StrCat(bin, ":/usr/bin:/bin")},
          {"HOME", home},
          {"XDG_CONFIG_HOME", absl::StrCat(home, "/.config")},
          {"MESO_CONFIG", absl::StrCat(home, "/none")}};
}

// The bash script itself.
std::string InBash(const std::string& line) {
  const TempDir dir;
  const std::string script = absl::StrCat(dir.path(), "/try.bash");
  std::ofstream(script) << CompletionScript("bash") << "COMP_LINE='" << line
                        << "'; COMP_POINT=${#COMP_LINE}; _mesoctl; printf '%s\\n' "
                           "\"${COMPREPLY[@]}\"\n";
  int code = 0;
  const std::string out = RunCommand({"bash", script}, &code, ShellVariables(dir.path()));
  EXPECT_EQ(code, 0);
  return out;
}

TEST(CompletionTest, BashCompletesWithTheScript) {
  EXPECT_EQ(InBash("mesoctl appo"), "appointments\n");
  EXPECT_EQ(InBash("mesoctl lots list -o "), "table\njson\ncsv\nname\n");
  EXPECT_EQ(InBash("mesoctl lots list --output=j"), "json\n") << "bash itself keeps --output=";
  EXPECT_EQ(InBash("mesoctl audit verify deploy/pack"), "deploy/packages.txt\n");
}

// What fish would offer, with the script where its help page puts it.
std::vector<std::string> InFish(const std::string& line) {
  const TempDir dir;
  const std::string completions = absl::StrCat(dir.path(), "/.config/fish/completions");
  std::filesystem::create_directories(completions);
  std::ofstream(completions + "/mesoctl.fish") << CompletionScript("fish");
  int code = 0;
  const std::string out =
      RunCommand({"fish", "--private", "-c", absl::StrCat("complete -C '", line, "'")}, &code,
                 ShellVariables(dir.path()));
  EXPECT_EQ(code, 0);
  return absl::StrSplit(out, '\n', absl::SkipEmpty());
}

TEST(CompletionTest, FishCompletesWithTheScript) {
  EXPECT_THAT(InFish("mesoctl audit ver"), ElementsAre("verify\tCheck a bundle; needs no server"));
  EXPECT_THAT(InFish("mesoctl lots list -o "), ElementsAre("csv", "json", "name", "table"));
  EXPECT_THAT(InFish("mesoctl lots list --output=j"), ElementsAre("--output=json"));
  EXPECT_THAT(InFish("mesoctl audit verify deploy/pack"), ElementsAre("deploy/packages.txt"));
  EXPECT_THAT(InFish("mesoctl errors explain SLOT"), ElementsAre("SLOT_TAKEN"));
}

// What zsh shows after the Tab key, and then the line between < and >: a shell of its own at a
// terminal of its own, with the script where its help page puts it.
std::string InZsh(const std::string& line) {
  const TempDir dir;
  std::ofstream(absl::StrCat(dir.path(), "/_mesoctl")) << CompletionScript("zsh");
  const std::string script = absl::StrCat(dir.path(), "/try.zsh");
  std::ofstream(script) << R"sh(zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell "PS1= fpath=($HOME \$fpath); autoload -Uz compinit && compinit -u -D
unset zle_bracketed_paste; show() { print -r -- \"<\$BUFFER>\" }; zle -N show; bindkey '^X' show
bindkey '^I' complete-word; print READ\"\"Y"
zpty -r shell shown '*READY*'
zpty -n -w shell "$1"$'\t\x18'
zpty -r shell shown '*<*>*'
print -r -- "$shown"
zpty -d shell
)sh";
  int code = 0;
  std::string out = RunCommand({"zsh", "-f", script, line}, &code, ShellVariables(dir.path()));
  EXPECT_EQ(code, 0);
  return out;
}

TEST(CompletionTest, ZshCompletesWithTheScript) {
  EXPECT_THAT(InZsh("mesoctl appo"), HasSubstr("<mesoctl appointments >"));
  EXPECT_THAT(InZsh("mesoctl audit verif"), HasSubstr("<mesoctl audit verify >"));
  EXPECT_THAT(InZsh("mesoctl audit "),
              AllOf(HasSubstr("verify "), HasSubstr(" -- Check a bundle; needs no server"),
                    HasSubstr("<mesoctl audit >")));
  EXPECT_THAT(InZsh("mesoctl lots list -o "),
              AllOf(HasSubstr("csv"), HasSubstr("json"), Not(HasSubstr("--"))))
      << "a word without a help needs none";
  EXPECT_THAT(InZsh("mesoctl lots list --output=j"),
              HasSubstr("<mesoctl lots list --output=json >"));
  EXPECT_THAT(InZsh("mesoctl audit verify deploy/pack"),
              HasSubstr("<mesoctl audit verify deploy/packages.txt >"));
}

}  // namespace
}  // namespace meso::mesoctl
