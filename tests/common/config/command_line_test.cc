#include <absl/flags/flag.h>
#include <absl/flags/reflection.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/process_config.h"
#include "tests/support/child_process.h"
#include "tests/support/test_keys.h"

ABSL_FLAG(int, retries_of_the_test, 1, "How often; a whole number.");
ABSL_FLAG(bool, loud_in_the_test, false, "Whether.");

namespace meso {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "/usr/bin/meso-test");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const absl::Status status =
      ParseFlags(static_cast<int>(words.size()), argv.data(), "A test.", "1.2.3");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Refusals come first: Abseil accepts a good command line once per process.
TEST(ParseFlagsTest, RefusesWhatItDoesNotKnowAndSaysWhatToDo) {
  EXPECT_THAT(Parse({"--retris_of_the_test=2"}),
              AllOf(HasSubstr("--retris_of_the_test is no flag"),
                    HasSubstr("did you mean --retries_of_the_test?"),
                    HasSubstr("meso-test --help lists them")));
  EXPECT_THAT(Parse({"--completely-different"}),
              AllOf(HasSubstr("is no flag"), Not(HasSubstr("did you mean"))));
  EXPECT_THAT(Parse({"--noretries_of_the_test"}), HasSubstr("is no flag"));
  EXPECT_THAT(
      Parse({"--retries_of_the_test", "many"}),
      AllOf(HasSubstr("--retries_of_the_test=many cannot be read"), HasSubstr("a whole number")));
  EXPECT_THAT(Parse({"--retries_of_the_test"}), HasSubstr("cannot be read"));
  EXPECT_THAT(Parse({"--loud_in_the_test", "yes"}), HasSubstr("'yes' is no flag"));
  EXPECT_THAT(Parse({"serve"}), HasSubstr("'serve' is no flag"));
  EXPECT_THAT(Parse({"--"}), HasSubstr("is no flag"));
}

TEST(ParseFlagsTest, AFileOfFlagsThatCannotBeUsedIsSaid) {
  TempDir dir;
  const std::string path = dir.path() + "/flags";
  const std::string flag = "--flagfile=" + path;
  EXPECT_THAT(Parse({flag}), AllOf(HasSubstr(flag + " cannot be read (No such file or directory)"),
                                   HasSubstr("or leave it out.")));
  EXPECT_THAT(Parse({"--flagfile", dir.path()}), HasSubstr("(it is a directory)"));
  WriteTestFile(path, "# A comment\n\n --loud_in_the_test\n--retris_of_the_test=2\n");
  EXPECT_THAT(Parse({flag}), AllOf(HasSubstr(flag + ": --retris_of_the_test is no flag"),
                                   HasSubstr("did you mean --retries_of_the_test?")));
  WriteTestFile(path, "retries_of_the_test=2\n");
  EXPECT_THAT(Parse({flag}), HasSubstr("'retries_of_the_test=2' is no flag"));
}

TEST(ParseFlagsTest, HelpAndVersionEndWellOnStdout) {
  const auto end = [](const char* word) {
    std::string program = "meso-test";
    std::string flag = word;
    char* argv[] = {program.data(), flag.data(), nullptr};
    (void)ParseFlags(2, argv, "A test.", "1.2.3");
  };
  EXPECT_EXIT(end("--help"), ::testing::ExitedWithCode(0), "^$");
  EXPECT_EXIT(end("--version"), ::testing::ExitedWithCode(0), "^$");
}

TEST(ParseFlagsTest, ReadsEveryWayOfWritingAFlag) {
  absl::FlagSaver saved;
  std::vector<std::string> words = {
      "meso-test",          "-retries_of_the_test", "-3",
      "--loud_in_the_test", "--noloud_in_the_test", "--retries_of_the_test=-4"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ASSERT_TRUE(ParseFlags(static_cast<int>(words.size()), argv.data(), "A test.", "1.2.3").ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_retries_of_the_test), -4);
  EXPECT_FALSE(absl::GetFlag(FLAGS_loud_in_the_test));
}

}  // namespace
}  // namespace meso
