// --dry-run and --request-id promise something. Every command keeps the promise or refuses it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/local_file.h"
#include "services/mesoctl/api/api_commands.h"
#include "services/mesoctl/cli/help_page.h"
#include "services/mesoctl/command_line.h"
#include "services/mesoctl/method_catalog.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/child_process.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string NameOf(const Command& command) { return absl::StrJoin(command.path, " "); }

// The commands that must take the flag: those of the table whose method has the field, and these.
std::set<std::string> Takers(const char* field, const std::set<std::string>& hand_written) {
  std::set<std::string> takers = hand_written;
  for (const ApiCommand* row : ApiCommands()) {
    const auto method = FindMethod(row->method);
    EXPECT_TRUE(method.ok()) << row->method;
    if ((*method)->input_type()->FindFieldByName(field) == nullptr) continue;
    takers.insert(absl::StrCat(row->noun, " ", row->verb));
  }
  return takers;
}

// No command is given what it needs, nor a service: what is not refused for the flag ends
// otherwise.
void ExpectRefusedByAllBut(const std::set<std::string>& takers, const char* flag,
                           const std::vector<std::string>& typed) {
  for (const Command& command : AllCommands().commands) {
    std::vector<std::string> words = command.path;
    words.insert(words.end(), typed.begin(), typed.end());
    const std::string name = NameOf(command);
    const auto parsed = ParseCommandLine(AllCommands(), words);
    const std::string page = HelpPage(AllCommands(), command.path);
    if (takers.count(name) > 0) {
      EXPECT_TRUE(parsed.ok()) << name << ": " << parsed.status();
      EXPECT_THAT(page, HasSubstr(flag)) << name;
      continue;
    }
    const Ran ran = RunLine(words);
    EXPECT_EQ(ran.code, ExitCode::kUsage) << name;
    EXPECT_EQ(ran.out, "") << name;
    EXPECT_THAT(ran.err, AllOf(HasSubstr(absl::StrCat("`", name, "` ")),
                               HasSubstr(absl::StrCat("so it takes no ", flag)),
                               HasSubstr(absl::StrCat("Next: leave ", flag, " out"))))
        << name;
    EXPECT_THAT(page, Not(HasSubstr(absl::StrCat("  ", flag)))) << name;
  }
}

TEST(ModesTest, EveryCommandTriesOrRefusesADryRun) {
  ExpectRefusedByAllBut(Takers("validate_only", {"call", "inventory import", "demo reset"}),
                        "--dry-run", {"--dry-run"});
}

TEST(ModesTest, EveryCommandUsesOrRefusesARequestId) {
  ExpectRefusedByAllBut(Takers("request_id", {"call", "inventory import", "sensors record"}),
                        "--request-id", {"--request-id", "01980000-0000-7000-8000-00000000000a"});
}

TEST(ModesTest, ACommandThatSaysNothingOfItRefuses) {
  CommandSet set = {.global_flags = AllCommands().global_flags,
                    .commands = {{.path = {"shred"}, .summary = "Shred"}}};
  EXPECT_FALSE(ParseCommandLine(set, {"shred", "--dry-run"}).ok());
  EXPECT_FALSE(ParseCommandLine(set, {"--request-id=x", "shred"}).ok());
  EXPECT_TRUE(ParseCommandLine(set, {"shred", "--dry-run=false"}).ok()) << "it asks for the deed";
  EXPECT_TRUE(ParseCommandLine(set, {"shred", "--dry-run", "--help"}).ok());
  set.commands[0].takes = {"dry-run"};
  EXPECT_TRUE(ParseCommandLine(set, {"shred", "--dry-run"}).ok());
  EXPECT_FALSE(ParseCommandLine(set, {"shred", "--request-id", "x"}).ok());
}

TEST(ModesTest, WhatCommandsTakeIsAFlagThatOthersRefuse) {
  for (const Command& command : AllCommands().commands) {
    for (const std::string& name : command.takes) {
      const Flag* flag = FindFlag(AllCommands(), nullptr, name);
      ASSERT_NE(flag, nullptr) << NameOf(command) << ": " << name;
      EXPECT_EQ(flag->name, name) << "spelt as it is declared";
      EXPECT_NE(flag->refusal, "") << name;
      EXPECT_NE(flag->reader_refusal, "") << name;
    }
  }
}

TEST(ModesTest, ARefusedTrialLeavesKeysAsTheyAre) {
  const TempDir dir;
  const std::string keys = absl::StrCat(dir.path(), "/keys");
  EXPECT_EQ(RunLine({"admin", "init", keys, "--dry-run"}).code, ExitCode::kUsage);
  EXPECT_FALSE(std::filesystem::exists(keys));
  ASSERT_EQ(RunLine({"admin", "init", keys}).code, ExitCode::kOk);
  const std::string before = *ReadText(absl::StrCat(keys, "/audit-log.pub"));
  const Ran ran = RunLine({"admin", "log-key", "rotate", "--keys", keys, "--dry-run"});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_THAT(ran.err, HasSubstr("`admin log-key rotate` can't be tried without doing it"));
  EXPECT_EQ(*ReadText(absl::StrCat(keys, "/audit-log.pub")), before);
}

TEST(ModesTest, AnIdThatOthersAreDerivedFromIsAUuid) {
  const TempDir dir;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"sensors", "record", "-", "--unit", "par-1/main", "--sensor", "S-1"},
           {"inventory", "import", "-", "--site", "par-1"}}) {
    std::vector<std::string> line = words;
    line.insert(line.end(), {"--request-id", "mine", "--inventory_address",
                             absl::StrCat("unix:", dir.path(), "/nobody")});
    const Ran ran = RunLine(line, {}, "now,5.2\n");
    EXPECT_EQ(ran.code, ExitCode::kUsage);
    EXPECT_THAT(ran.err, HasSubstr("--request-id=mine is no UUID"));
  }
}

}  // namespace
}  // namespace meso::mesoctl
