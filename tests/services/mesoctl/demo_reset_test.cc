// What `demo reset` removes, and what it leaves alone: under real services and after them.
#include "services/mesoctl/demo_reset.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "services/mesoctl/admin.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/suite.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> NamesIn(const std::string& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class DemoResetTest : public ::testing::Test {
 protected:
  // What deploy/up leaves, and a file that is somebody's.
  void MakeState(const std::string& log_name) {
    ASSERT_TRUE(InitKeys(dir_.path() + "/keys", log_name, SystemClock().Now()).ok());
    for (const char* name : {"data", "log", "redis", "run", "exports", "tokens"}) {
      std::filesystem::create_directories(absl::StrCat(dir_.path(), "/", name));
      std::ofstream(absl::StrCat(dir_.path(), "/", name, "/file")) << "x";
    }
    std::ofstream(dir_.path() + "/pids") << "1\n";
    std::ofstream(dir_.path() + "/thesis") << "mine";
  }
  Ran Reset(const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> words = {"demo", "reset", "--state", dir_.path()};
    words.insert(words.end(), flags.begin(), flags.end());
    return RunLine(words);
  }

  TempDir dir_;
};

TEST_F(DemoResetTest, ADryRunTellsWhatGoesAndTheRunRemovesJustThat) {
  MakeState("meso-demo");
  const std::vector<std::string> before = NamesIn(dir_.path());
  const Ran trial = Reset({"--dry-run"});
  EXPECT_EQ(trial.code, ExitCode::kOk) << trial.err;
  EXPECT_THAT(trial.err, HasSubstr("nothing was removed"));
  EXPECT_EQ(NamesIn(dir_.path()), before);
  EXPECT_TRUE(std::filesystem::exists(dir_.path() + "/data/file"));
  const Ran ran = Reset();
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(ran.out, trial.out) << "what was told";
  EXPECT_THAT(ran.out, AllOf(HasSubstr(dir_.path() + "/data\n"), HasSubstr(dir_.path() + "/keys\n"),
                             Not(HasSubstr("thesis"))));
  EXPECT_THAT(ran.err, HasSubstr("deploy/up makes a new one"));
  EXPECT_THAT(NamesIn(dir_.path()), ElementsAre("lock", "thesis"));
  const Ran again = Reset();
  EXPECT_EQ(again.code, ExitCode::kOk);
  EXPECT_THAT(again.err, HasSubstr("nothing to remove"));
}

TEST_F(DemoResetTest, WhatIsNoDemoStays) {
  MakeState("my-clinics");
  const std::vector<std::string> before = NamesIn(dir_.path());
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{}, {"--dry-run"}}) {
    const Ran ran = Reset(flags);
    EXPECT_EQ(ran.code, ExitCode::kRefused);
    EXPECT_THAT(ran.err, AllOf(HasSubstr("this is no demo"), HasSubstr("nothing was removed")));
    EXPECT_EQ(NamesIn(dir_.path()), before);
  }
  std::filesystem::remove_all(dir_.path() + "/keys");
  EXPECT_EQ(Reset().code, ExitCode::kRefused) << "without keys nobody knows";
  EXPECT_TRUE(std::filesystem::exists(dir_.path() + "/data/file"));
  EXPECT_EQ(RunLine({"demo", "reset", "--state", dir_.path() + "/none"}).code, ExitCode::kNotFound);
  EXPECT_EQ(RunLine({"demo", "reset"}).code, ExitCode::kUsage) << "which one is never guessed";
}

TEST_F(DemoResetTest, UnderDeployUpNothingGoes) {
  MakeState("meso-demo");
  const std::string path = dir_.path() + "/lock";
  const int up = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(flock(up, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(Reset({"--dry-run"}).code, ExitCode::kRefused);
  const Ran ran = Reset();
  EXPECT_EQ(ran.code, ExitCode::kRefused);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("a deploy/up uses"), HasSubstr("Ctrl-C in deploy/up")));
  EXPECT_TRUE(std::filesystem::exists(dir_.path() + "/data/file"));
  close(up);
  EXPECT_EQ(Reset().code, ExitCode::kOk);
}

TEST_F(DemoResetTest, UnderAServiceNothingGoes) {
  Suite suite;  // its directory has the same form
  for (const char* file : {"audit-log.key", "audit-log.pub"}) {
    std::filesystem::remove(suite.KeyFile(file));
  }
  ASSERT_TRUE(InitKeys(suite.KeyFile(""), "meso-demo", SystemClock().Now()).ok());
  suite.StartRedis();
  suite.Start("inventory");
  const auto reset = [&] { return RunLine({"demo", "reset", "--state", suite.dir()}); };
  const Ran ran = reset();
  EXPECT_EQ(ran.code, ExitCode::kRefused);
  EXPECT_THAT(ran.err,
              HasSubstr("a service has the database " + suite.dir() + "/data/inventory.db open"));
  EXPECT_TRUE(std::filesystem::exists(suite.dir() + "/data/inventory.db"));
  EXPECT_TRUE(suite.Running("inventory"));
  EXPECT_EQ(suite.Terminate("inventory"), 0);
  EXPECT_EQ(reset().code, ExitCode::kOk);
  EXPECT_FALSE(std::filesystem::exists(suite.dir() + "/data"));
}

}  // namespace
}  // namespace meso::mesoctl
