#include "common/config/watched_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/child_process.h"

namespace meso {
namespace {

class WatchedFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) {
    // As everybody should: beside, and renamed.
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
    clock_.Advance(absl::Seconds(2));
  }

  TempDir dir_;
  const std::string path_ = dir_.path() + "/keys";
  ManualClock clock_{absl::FromUnixSeconds(1'800'000'000)};
};

TEST_F(WatchedFileTest, IsReadAgainWhenItChanges) {
  WatchedFile file(path_, clock_);
  EXPECT_EQ(file.Get()->generation, 0);
  Write("one");
  EXPECT_EQ(file.Get()->text, "one");
  EXPECT_EQ(file.Get()->generation, 1);
  Write("two");
  EXPECT_EQ(file.Get()->text, "two");
  EXPECT_EQ(file.Get()->generation, 2);
  std::filesystem::remove(path_);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(file.Get()->text, "two");
}

TEST_F(WatchedFileTest, AnEmptyTokenIsOneThatIsBeingWritten) {
  WatchedFile file(path_, clock_);
  Write("");
  EXPECT_EQ(file.Get()->generation, 0);
  Write("one");
  EXPECT_EQ(file.Get()->text, "one");
  Write("");
  EXPECT_EQ(file.Get()->text, "one");
}

TEST_F(WatchedFileTest, AnEmptyListIsAList) {
  WatchedFile file(path_, clock_, WatchedFile::Empty::kContent);
  EXPECT_EQ(file.Get()->generation, 0) << "no file is none";
  Write("");
  EXPECT_EQ(file.Get()->generation, 1);
  Write("one");
  EXPECT_EQ(file.Get()->text, "one");
  Write("");
  EXPECT_EQ(file.Get()->text, "") << "whoever was on it is no longer";
  EXPECT_EQ(file.Get()->generation, 3);
}

}  // namespace
}  // namespace meso
