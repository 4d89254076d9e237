// deploy/backup: what it saves while a service writes comes back whole, and nothing is put back
// over a running service or from a damaged file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/migrator.h"
#include "common/database/sqlite_database.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

const char* const kServices[] = {"scheduling", "screening", "inventory", "audit"};

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    for (const char* service : kServices) {
      auto database = Open(service);
      Uuid7Source ids(clock_);
      const absl::Status migrated = Migrate(
          *database, service, {{1, "0001_notes", "CREATE TABLE notes (text TEXT) STRICT"}}, ids);
      EXPECT_TRUE(migrated.ok()) << migrated;
      Write(*database, "before");
    }
  }

  std::string data() const { return dir_.path() + "/data"; }
  std::string tar() const { return dir_.path() + "/meso.tar"; }
  std::string Path(const std::string& service) const {
    return absl::StrCat(data(), "/", service, ".db");
  }
  std::unique_ptr<Database> Open(const std::string& service) {
    SqliteOptions options;
    options.path = Path(service);
    options.clock = &clock_;
    return OpenSqliteDatabase(options).value();
  }
  static void Write(Database& database, const std::string& text) {
    const absl::Status written = database.Transact([&](Transaction& tx) {
      return tx.Execute("INSERT INTO notes (text) VALUES ($1)", {text});
    });
    ASSERT_TRUE(written.ok()) << written;
  }
  std::string Notes(const std::string& service) {
    return RunCommand({"sqlite3", Path(service), "SELECT group_concat(text) FROM notes"});
  }
  // What it says on stderr; its standard output or input is the tar file.
  std::string Run(const std::string& verb, int expected = 0) {
    const std::string log = dir_.path() + "/log";
    std::filesystem::remove(log);
    ChildProcess process;
    process.Start({"bash", "-c",
                   absl::StrCat("exec deploy/backup ", verb, " --data ", data(),
                                verb == "save" ? " >" : " <", tar())},
                  log);
    EXPECT_EQ(process.Wait(), expected) << Read(log);
    return Read(log);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const SystemClock clock_;
  TempDir dir_;
};

TEST_F(BackupTest, WhatIsSavedBesideARunningServiceComesBack) {
  {
    const auto running = Open("inventory");
    Write(*running, "saved");  // still in the write-ahead log
    Run("save");
    Write(*running, "lost");
  }
  EXPECT_EQ(Notes("inventory"), "before,saved,lost\n");
  EXPECT_THAT(Run("restore"), HasSubstr("empty Redis, then start the suite"));
  EXPECT_EQ(Notes("inventory"), "before,saved\n");
  EXPECT_EQ(Notes("audit"), "before\n");
  const auto again = Open("inventory");
  Write(*again, "after");
}

TEST_F(BackupTest, NothingIsPutBackOverARunningService) {
  Run("save");
  const auto running = Open("screening");
  Write(*running, "newer");
  EXPECT_THAT(Run("restore", 1), HasSubstr("screening.db; stop the suite first"));
  EXPECT_EQ(Notes("screening"), "before,newer\n");
}

TEST_F(BackupTest, ADamagedOrMixedUpFileIsRefusedAndChangesNothing) {
  Run("save");
  const std::string good = Read(tar());
  Write(*Open("audit"), "newer");
  std::ofstream(tar(), std::ios::trunc) << good.substr(0, good.size() / 2);
  EXPECT_THAT(Run("restore", 1), HasSubstr("deploy/backup: "));
  std::ofstream(tar(), std::ios::trunc) << "not a tar file";
  EXPECT_THAT(Run("restore", 1), HasSubstr("is no backup of a suite"));
  // Two services' files exchanged.
  const std::string mixed = dir_.path() + "/mixed";
  RunCommand({"bash", "-c",
              absl::StrCat("mkdir ", mixed, " && cp ", data(), "/*.db ", mixed, " && mv ", mixed,
                           "/audit.db ", mixed, "/x && mv ", mixed, "/inventory.db ", mixed,
                           "/audit.db && mv ", mixed, "/x ", mixed, "/inventory.db && tar -C ",
                           mixed, " -cf ", tar(), " .")});
  EXPECT_THAT(Run("restore", 1), HasSubstr("deploy/backup: "));
  EXPECT_EQ(Notes("audit"), "before,newer\n");
}

TEST_F(BackupTest, AMissingDatabaseIsNamed) {
  std::filesystem::remove(Path("audit"));
  EXPECT_THAT(Run("save", 1), HasSubstr(absl::StrCat("there is no ", Path("audit"))));
}

}  // namespace
}  // namespace meso
