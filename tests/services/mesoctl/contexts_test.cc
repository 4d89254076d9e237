#include "services/mesoctl/contexts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "services/mesoctl/admin.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/child_process.h"

namespace meso::mesoctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ContextsTest : public ::testing::Test {
 protected:
  std::string Path() const { return absl::StrCat(dir_.path(), "/config/contexts.json"); }
  Ran Run(const std::vector<std::string>& words,
          std::map<std::string, std::string> variables = {}) const {
    variables["MESO_CONFIG"] = Path();
    return RunLine(words, variables);
  }
  // Where an address that nobody listens at was taken from.
  std::string AddressUsed(const std::vector<std::string>& more,
                          const std::map<std::string, std::string>& variables = {}) const {
    std::vector<std::string> words = {"sites", "list", "--timeout", "2s"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words, variables).err;
  }
  std::string Nobody(const std::string& name) const {
    return absl::StrCat("unix:", dir_.path(), "/", name);
  }
  void Write(const std::string& text) const {
    ASSERT_EQ(Run({"context", "set", "x", "--site", "par-1"}).code, ExitCode::kOk);
    std::ofstream(Path()) << text;
  }

  TempDir dir_;
};

TEST_F(ContextsTest, ThePlaceOfTheFileComesFromTheEnvironment) {
  std::map<std::string, std::string> variables;
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  EXPECT_EQ(ContextsPath(environment), "");
  variables["HOME"] = "/home/user";
  EXPECT_EQ(ContextsPath(environment), "/home/user/.config/meso/contexts.json");
  variables["XDG_CONFIG_HOME"] = "/etc/anna";
  EXPECT_EQ(ContextsPath(environment), "/etc/anna/meso/contexts.json");
  variables["MESO_CONFIG"] = "/x.json";
  EXPECT_EQ(ContextsPath(environment), "/x.json");
}

TEST_F(ContextsTest, SettingsAreKeptAddedAndTakenAway) {
  ASSERT_EQ(Run({"context", "set", "demo", "--site", "par-1", "--timeout", "5s"}).code,
            ExitCode::kOk);
  ASSERT_EQ(Run({"context", "set", "demo", "--timeout", "", "--keys", "/k"}).code, ExitCode::kOk);
  const auto contexts = ReadContexts(Path());
  ASSERT_TRUE(contexts.ok()) << contexts.status();
  EXPECT_EQ(contexts->current, "demo") << "the first one is the current one";
  const Settings expected = {{"site", "par-1"}, {"keys", "/k"}};
  EXPECT_EQ(contexts->by_name.at("demo"), expected);
  struct stat info;
  ASSERT_EQ(stat(Path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ContextsTest, ListUseAndRemove) {
  EXPECT_THAT(Run({"context", "list"}).err, HasSubstr("mesoctl context set"));
  ASSERT_EQ(Run({"context", "set", "a", "--site", "par-1"}).code, ExitCode::kOk);
  ASSERT_EQ(Run({"context", "set", "b", "--site", "syd-1"}).code, ExitCode::kOk);
  EXPECT_EQ(Run({"context", "list", "-o", "name"}).out, "a\nb\n");
  EXPECT_THAT(Run({"context", "list"}).out, HasSubstr("*        a"));
  ASSERT_EQ(Run({"context", "use", "b"}).code, ExitCode::kOk);
  EXPECT_THAT(Run({"context", "list"}).out, HasSubstr("*        b"));
  const Ran unknown = Run({"context", "use", "c"});
  EXPECT_EQ(unknown.code, ExitCode::kNotFound);
  EXPECT_THAT(unknown.err, HasSubstr("a, b"));
  ASSERT_EQ(Run({"context", "remove", "b"}).code, ExitCode::kOk);
  EXPECT_EQ(ReadContexts(Path())->current, "");
  EXPECT_EQ(Run({"context", "set", "a b"}).code, ExitCode::kUsage);
}

TEST_F(ContextsTest, ALineBeatsTheEnvironmentWhichBeatsTheContext) {
  ASSERT_EQ(Run({"context", "set", "a", "--scheduling_address", Nobody("context-a")}).code,
            ExitCode::kOk);
  ASSERT_EQ(Run({"context", "set", "b", "--scheduling_address", Nobody("context-b")}).code,
            ExitCode::kOk);
  EXPECT_THAT(AddressUsed({}), HasSubstr("/context-a"));
  EXPECT_THAT(AddressUsed({"--context", "b"}), HasSubstr("/context-b"));
  EXPECT_THAT(AddressUsed({}, {{"MESO_CONTEXT", "b"}}), HasSubstr("/context-b"));
  const std::map<std::string, std::string> variable = {
      {"MESO_SCHEDULING_ADDRESS", Nobody("variable")}};
  EXPECT_THAT(AddressUsed({}, variable), HasSubstr("/variable"));
  EXPECT_THAT(AddressUsed({"--scheduling_address", Nobody("line")}, variable), HasSubstr("/line"));
}

TEST_F(ContextsTest, ABrokenFileIsNamedWithWhatIsWrongAndWhatToDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"{", "is no JSON"},
      {"{\"contexts\": {\"a\": {\"tokenfile\": \"x\"}}}", "token_file?"},
      {"{\"contexts\": {\"a\": 7}}", "is no object"},
      {"{\"contexts\": {\"a\": {\"site\": 7}}}", "no text in quotes"},
      {"{\"current\": \"b\", \"contexts\": {\"a\": {}}}", "context b is not in it"},
      {"{\"Contexts\": {}}", "neither current nor contexts"},
  };
  for (const auto& [text, why] : cases) {
    Write(text);
    const Ran ran = Run({"sites", "list"});
    EXPECT_EQ(ran.code, ExitCode::kUsage) << text;
    EXPECT_THAT(ran.err, AllOf(HasSubstr(why), HasSubstr(Path()), HasSubstr("context set")));
    EXPECT_EQ(Run({"sites", "list", "--help"}).code, ExitCode::kOk) << "help always works";
    ASSERT_EQ(remove(Path().c_str()), 0);
  }
}

TEST_F(ContextsTest, AnUnknownContextIsMisuse) {
  ASSERT_EQ(Run({"context", "set", "demo", "--site", "par-1"}).code, ExitCode::kOk);
  const Ran ran = Run({"sites", "list", "--context", "dmo"});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_THAT(ran.err, HasSubstr("there are: demo"));
}

TEST_F(ContextsTest, WhatNeedsNoSettingsWorksWithoutThem) {
  Write("{");
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"errors", "list"},
                                             {"errors", "explain", "SLOT_TAKEN"},
                                             {"describe", "BookAppointment"},
                                             {"list"},
                                             {"completion", "bash"},
                                             {"version"},
                                             {"--version"},
                                             {"help"},
                                             {"lots", "help"}}) {
    EXPECT_EQ(Run(line, {{"MESO_CONTEXT", "nope"}}).code, ExitCode::kOk) << line[0];
  }
  EXPECT_EQ(Run({"sites", "list"}, {{"MESO_CONTEXT", "nope"}}).code, ExitCode::kUsage);
}

TEST_F(ContextsTest, ShowTellsTheSettingsOfOneOrOfTheCurrentOne) {
  const Ran none = Run({"context", "show"});
  EXPECT_EQ(none.code, ExitCode::kOk);
  EXPECT_THAT(none.err, HasSubstr("no context is the current one"));
  const Ran one = Run({"context", "set", "a", "--site", "par-1"});
  EXPECT_THAT(one.err, HasSubstr("has 1 setting, in"));
  ASSERT_EQ(Run({"context", "set", "b", "--timeout", "5s"}).code, ExitCode::kOk);
  EXPECT_EQ(Run({"context", "show", "-o", "csv"}).out, "setting,value\r\nsite,par-1\r\n");
  EXPECT_EQ(Run({"context", "show", "b", "-o", "csv"}).out, "setting,value\r\ntimeout,5s\r\n");
  EXPECT_EQ(Run({"context", "show", "c"}).code, ExitCode::kNotFound);
  EXPECT_EQ(Run({"context", "list", "--columns", "name", "-o", "csv"}).out, "name\r\na\r\nb\r\n");
  EXPECT_EQ(Run({"context", "list", "--columns", "nmae"}).code, ExitCode::kUsage);
}

TEST_F(ContextsTest, ASettingThatCouldNeverWorkIsRefused) {
  const std::pair<const char*, const char*> cases[] = {{"--scheduling_address", "nonsense"},
                                                       {"--audit_address", "unix:"},
                                                       {"--audit_admin", "unix:/x"},
                                                       {"--timeout", "0s"},
                                                       {"--timeout", "soon"},
                                                       {"--clock_offset", "soon"}};
  for (const auto& [flag, value] : cases) {
    const Ran ran = Run({"context", "set", "x", flag, value});
    EXPECT_EQ(ran.code, ExitCode::kUsage) << flag << value;
    EXPECT_THAT(ran.err, HasSubstr(flag));
  }
  EXPECT_EQ(ReadContexts(Path())->by_name.count("x"), 0u);
  EXPECT_EQ(Run({"context", "set", "x", "--audit_address", "[::1]:7104"}).code, ExitCode::kOk);
}

TEST_F(ContextsTest, AFileThatCannotBeWrittenIsNamed) {
  const Ran ran = RunLine({"context", "set", "demo", "--site", "par-1"},
                          {{"MESO_CONFIG", "/proc/no/contexts.json"}});
  EXPECT_EQ(ran.code, ExitCode::kRefused);
  EXPECT_THAT(ran.err, HasSubstr("/proc/no/contexts.json"));
}

}  // namespace
}  // namespace meso::mesoctl
