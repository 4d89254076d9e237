// What a crash, another writer or a careless mode must not do to a file.
#include "common/base/local_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/base/failpoint.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using IfThere = DurableFile::IfThere;

class LocalFileTest : public ::testing::Test {
 protected:
  ~LocalFileTest() override { SetFailpoint("file.before_rename", nullptr); }
  std::string Text() const { return ReadFile(path_).value_or("none"); }
  static mode_t ModeOf(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
  }

  TempDir dir_;
  const std::string path_ = dir_.path() + "/file";
  const std::string draft_ = path_ + ".part";
};

TEST_F(LocalFileTest, IsItsOwnersOnlyWhateverTheUmaskIs) {
  const mode_t before = umask(0);
  ASSERT_TRUE(WriteDurably(path_, "secret").ok());
  const auto file = DurableFile::Begin(dir_.path() + "/other", IfThere::kRefuse);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(ModeOf(dir_.path() + "/other.part"), 0600u);
  umask(before);
  EXPECT_EQ(ModeOf(path_), 0600u);
  // Also where something more open was before.
  ASSERT_EQ(chmod(path_.c_str(), 0666), 0);
  ASSERT_TRUE(WriteDurably(path_, "secret").ok());
  EXPECT_EQ(ModeOf(path_), 0600u);
}

TEST_F(LocalFileTest, TheOldContentIsThereUntilTheNewOneIsComplete) {
  ASSERT_TRUE(WriteDurably(path_, "old").ok());
  bool passed = false;
  SetFailpoint("file.before_rename", [&] {
    passed = true;
    EXPECT_EQ(Text(), "old");
    EXPECT_EQ(*ReadFile(draft_), "new");
  });
  ASSERT_TRUE(WriteDurably(path_, "new").ok());
  EXPECT_TRUE(passed);
  EXPECT_EQ(Text(), "new");
  EXPECT_FALSE(fs::exists(draft_));
}

TEST_F(LocalFileTest, WhatIsNotCommittedLeavesNothing) {
  ASSERT_TRUE(WriteDurably(path_, "old").ok());
  {
    const auto file = DurableFile::Begin(path_, IfThere::kReplace);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Write("half").ok());
  }
  EXPECT_EQ(Text(), "old");
  EXPECT_FALSE(fs::exists(draft_));
}

TEST_F(LocalFileTest, ADraftLeftByACrashIsNoHindranceAndNobodysLink) {
  std::ofstream(dir_.path() + "/thesis") << "mine";
  fs::create_symlink(dir_.path() + "/thesis", draft_);
  ASSERT_TRUE(WriteDurably(path_, "new").ok());
  EXPECT_EQ(Text(), "new");
  EXPECT_EQ(*ReadFile(dir_.path() + "/thesis"), "mine");
}

TEST_F(LocalFileTest, WhatIsThereIsReplacedOnlyWhenThatIsSaid) {
  ASSERT_TRUE(WriteDurably(path_, "evidence", IfThere::kRefuse).ok());
  const absl::Status refused = WriteDurably(path_, "other", IfThere::kRefuse);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), AllOf(HasSubstr(path_), HasSubstr("--force")));
  EXPECT_EQ(Text(), "evidence");
  EXPECT_FALSE(fs::exists(draft_));
  // Nor when it came while the other was written.
  fs::remove(path_);
  SetFailpoint("file.before_rename", [&] { std::ofstream(path_) << "evidence"; });
  EXPECT_EQ(WriteDurably(path_, "other", IfThere::kRefuse).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Text(), "evidence");
  EXPECT_FALSE(fs::exists(draft_));
}

TEST_F(LocalFileTest, OfTwoWritersNoneTakesTheOthersHalf) {
  const auto one = DurableFile::Begin(path_, IfThere::kReplace);
  ASSERT_TRUE((*one)->Write("one").ok());
  auto two = DurableFile::Begin(path_, IfThere::kReplace);
  ASSERT_TRUE((*two)->Write("t").ok());
  const absl::Status status = (*one)->Commit();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("somebody else"));
  ASSERT_TRUE((*two)->Write("wo").ok());
  ASSERT_TRUE((*two)->Commit().ok());
  EXPECT_EQ(Text(), "two");
}

TEST_F(LocalFileTest, ADiskWithoutRoomIsToldAndNothingIsChanged) {
  ASSERT_TRUE(WriteDurably(path_, "old").ok());
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const struct rlimit little = {2, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const absl::Status status = WriteDurably(path_, "longer");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path_), HasSubstr("too large")));
  EXPECT_EQ(Text(), "old");
  EXPECT_FALSE(fs::exists(draft_));
}

TEST_F(LocalFileTest, WhatCantBeReadIsAnErrorNotNothing) {
  for (const std::string& path : {path_, dir_.path(), std::string("/proc/self/mem")}) {
    const absl::Status status = ReadFile(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << path;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
  EXPECT_FALSE(ReadFileIfThere(path_)->has_value());
  EXPECT_FALSE(ReadFileIfThere(dir_.path()).ok());
  // A link into a disk that is not mounted is no sign that there never was anything.
  fs::create_symlink(dir_.path() + "/nowhere", path_);
  EXPECT_FALSE(ReadFileIfThere(path_).ok());
}

TEST_F(LocalFileTest, APrivateDirectoryIsMadeWithThoseAboveItAndRefusedWhenItIsOpen) {
  const std::string dir = dir_.path() + "/a/b/";
  ASSERT_TRUE(MakePrivateDirectory(dir, "keys").ok());
  EXPECT_EQ(ModeOf(dir), 0700u);
  ASSERT_TRUE(MakePrivateDirectory(dir, "keys").ok());
  ASSERT_EQ(chmod(dir.c_str(), 0710), 0);
  const absl::Status open = MakePrivateDirectory(dir, "keys");
  EXPECT_EQ(open.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(open.message()),
              AllOf(HasSubstr("keys are not put there"), HasSubstr("chmod 700 ")));
  std::ofstream(path_) << "a file";
  EXPECT_EQ(MakePrivateDirectory(path_, "keys").code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace meso
