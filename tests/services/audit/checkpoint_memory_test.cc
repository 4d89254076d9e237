#include "services/audit/checkpoint_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "services/audit/domain/checkpoint.h"
#include "tests/services/audit/domain/entry_samples.h"
#include "tests/support/child_process.h"
#include "tests/support/small_disk.h"

namespace meso::audit {
namespace {

using ::testing::HasSubstr;

std::string Note(uint64_t size) { return SignCheckpoint(size, EmptyRoot(), *SampleKey()); }

TEST(CheckpointMemoryTest, RemembersTheNoteItWasGivenLast) {
  const TempDir dir;
  const CheckpointMemory memory(dir.path() + "/checkpoint.txt");
  EXPECT_EQ(*memory.Read(), std::nullopt);
  ASSERT_TRUE(memory.Keep(Note(3)).ok());
  ASSERT_TRUE(memory.Keep(Note(12)).ok());
  EXPECT_EQ(**memory.Read(), Note(12));
  EXPECT_EQ(**CheckpointMemory(memory.path()).Read(), Note(12)) << "a process later";
  EXPECT_FALSE(std::filesystem::exists(memory.path() + ".part"));
  struct stat info;
  ASSERT_EQ(stat(memory.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(CheckpointMemoryTest, AGarbledFileIsNoEmptyOne) {
  const TempDir dir;
  const CheckpointMemory memory(dir.path() + "/checkpoint.txt");
  for (const std::string& text :
       {std::string(), std::string("nonsense\n"), Note(7).substr(0, 40)}) {
    std::ofstream(memory.path(), std::ios::binary | std::ios::trunc) << text;
    const absl::Status status = memory.Read().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << text;
    EXPECT_THAT(
        std::string(status.message()),
        HasSubstr("--checkpoint_memory_file=" + memory.path() + " holds no checkpoint of a log"));
  }
  std::filesystem::remove(memory.path());
  std::filesystem::create_directory(memory.path());
  EXPECT_THAT(std::string(memory.Read().status().message()), HasSubstr("can't be read"));
}

TEST(CheckpointMemoryTest, APlaceThatCannotBeWrittenIsFoundAtOnce) {
  const TempDir dir;
  const CheckpointMemory memory(dir.path() + "/none/checkpoint.txt");
  EXPECT_THAT(std::string(memory.Read().status().message()),
              HasSubstr("can't be written (No such file or directory)"));
  EXPECT_EQ(memory.Keep(Note(1)).code(), absl::StatusCode::kUnavailable);
}

TEST(CheckpointMemoryTest, AFullDiskLeavesWhatWasThere) {
  const TempDir dir;
  const SmallDisk disk(dir.path() + "/disk");
  ASSERT_TRUE(disk.mounted()) << "a tmpfs cannot be mounted: run as root, or allow user namespaces";
  const CheckpointMemory memory(dir.path() + "/disk/checkpoint.txt");
  ASSERT_TRUE(memory.Keep(Note(5)).ok());
  disk.Fill(0);
  EXPECT_EQ(memory.Keep(Note(6)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(**memory.Read(), Note(5));
  disk.MakeRoom();
  ASSERT_TRUE(memory.Keep(Note(6)).ok());
  EXPECT_EQ(**memory.Read(), Note(6));
}

}  // namespace
}  // namespace meso::audit
