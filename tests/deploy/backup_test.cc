// deploy/backup: what it saves while a service writes comes back whole, and nothing is put back
// over a running service, from a damaged file, or by halves on a full disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/migrator.h"
#include "common/database/sqlite_database.h"
#include "tests/support/child_process.h"
#include "tests/support/small_disk.h"

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
    return RunOn(data(), verb, expected);
  }
  std::string RunOn(const std::string& directory, const std::string& verb, int expected,
                    const std::map<std::string, std::string>& environment = {}) {
    const bool saves = verb.starts_with("save");
    const std::string file = saves ? absl::StrCat(" >", output_) : absl::StrCat(" <", tar());
    const std::string log = dir_.path() + "/log";
    std::filesystem::remove(log);
    ChildProcess process;
    process.Start(
        {"bash", "-c", absl::StrCat("exec deploy/backup ", verb, " --data ", directory, file)}, log,
        environment);
    EXPECT_EQ(process.Wait(), expected) << Read(log);
    return Read(log);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // The names in a directory, sorted.
  static std::set<std::string> Names(const std::string& directory) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  const SystemClock clock_;
  TempDir dir_;
  std::string output_ = tar();  // where save writes to
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

TEST_F(BackupTest, OnAFullDiskNothingIsReplacedAndNothingStaysBehind) {
  Run("save");
  const std::string elsewhere = dir_.path() + "/tmp";
  std::filesystem::create_directory(elsewhere);
  const SmallDisk disk(dir_.path() + "/disk");
  ASSERT_TRUE(disk.mounted()) << "run as root, or allow user namespaces";
  const std::string full = dir_.path() + "/disk/data";
  {
    // As a crash leaves it: what was committed last is in the write-ahead log alone.
    const auto running = Open("screening");
    Write(*running, "newer");
    std::filesystem::copy(data(), full, std::filesystem::copy_options::recursive);
  }
  const auto size = std::filesystem::file_size(full + "/screening.db");
  ASSERT_TRUE(std::filesystem::exists(full + "/screening.db-wal"));
  const std::set<std::string> before = Names(full);
  // Room for no copy, for one, for three.
  for (const uintmax_t left : {uintmax_t{0}, size + size / 2, 3 * size + size / 2}) {
    disk.Fill(left);
    const std::string said = RunOn(full, "restore", 1, {{"TMPDIR", elsewhere}});
    EXPECT_THAT(said, HasSubstr("no copy can be put beside " + full));
    EXPECT_THAT(said, HasSubstr("(No space left on device); nothing was changed"));
    EXPECT_EQ(absl::StrSplit(said, '\n', absl::SkipEmpty()).begin()->substr(0, 15),
              "deploy/backup: ");
    EXPECT_EQ(Names(full), before);
    disk.MakeRoom();
  }
  // Unpacking it there fails, too.
  disk.Fill(0);
  EXPECT_THAT(RunOn(full, "restore", 1), HasSubstr("nothing was changed"));
  EXPECT_EQ(Names(full), before);
  disk.MakeRoom();
  EXPECT_EQ(RunCommand({"sqlite3", full + "/screening.db", "SELECT group_concat(text) FROM notes"}),
            "before,newer\n");
  RunOn(full, "restore", 0);
  EXPECT_EQ(RunCommand({"sqlite3", full + "/screening.db", "SELECT group_concat(text) FROM notes"}),
            "before\n");
}

TEST_F(BackupTest, ABackupThatCannotBeWrittenIsSaid) {
  output_ = "/dev/full";
  const std::string said = Run("save", 1);
  EXPECT_THAT(said, HasSubstr("deploy/backup: the backup could not be written to standard output"));
  EXPECT_EQ(said.find("tar:"), std::string::npos) << said;
}

// A service, as far as the script can see, and a sqlite3 that writes down what state it is in.
class PausedBackupTest : public BackupTest {
 protected:
  PausedBackupTest() {
    std::filesystem::create_directory(bin());
    std::filesystem::copy("/bin/sleep", bin() + "/meso-inventory");
    service_.Start({bin() + "/meso-inventory", "600"}, dir_.path() + "/service.log");
    std::ofstream(bin() + "/sqlite3") << "#!/bin/sh\nps -o state= -p " << service_.pid() << " >>"
                                      << states() << "\nPATH=${PATH#*:} exec sqlite3 \"$@\"\n";
    std::filesystem::permissions(bin() + "/sqlite3", std::filesystem::perms::owner_all);
  }
  std::string bin() const { return dir_.path() + "/bin"; }
  std::string states() const { return dir_.path() + "/states"; }
  std::string State() {
    return RunCommand({"ps", "-o", "state=", "-p", absl::StrCat(service_.pid())});
  }
  std::string Pids(const std::string& contents) {
    std::ofstream(dir_.path() + "/pids", std::ios::trunc) << contents;
    return dir_.path() + "/pids";
  }
  std::string Save(const std::string& pids, int expected) {
    std::filesystem::remove(states());
    const char* path = std::getenv("PATH");
    return RunOn(data(), "save --pids " + pids, expected,
                 {{"PATH", absl::StrCat(bin(), ":", path == nullptr ? "/usr/bin:/bin" : path)}});
  }

  ChildProcess service_;
};

TEST_F(PausedBackupTest, ServicesArePausedWhileTheCopiesAreMadeAndGoOnAfterwards) {
  // A process that is no service and one that is gone stand there, too.
  const std::string pids = Pids(absl::StrCat(::getpid(), "\n4194305\n", service_.pid()));
  EXPECT_THAT(Save(pids, 0), HasSubstr("saved scheduling.db"));
  EXPECT_TRUE(Read(states()).starts_with("T\nT\nT\nT\n")) << Read(states());
  EXPECT_EQ(State(), "S\n");
  std::ofstream(Path("audit"), std::ios::trunc) << "no database at all, and longer than a header";
  EXPECT_THAT(Save(pids, 1), HasSubstr("audit.db"));
  EXPECT_EQ(State(), "S\n");
}

TEST_F(PausedBackupTest, AFileOfProcessIdsThatCannotBeUsedIsNoBackup) {
  EXPECT_THAT(Save(dir_.path() + "/nope", 1), HasSubstr("/nope cannot be read"));
  EXPECT_THAT(Save(Pids("four services\n"), 1), HasSubstr("'four services' is no process id"));
  EXPECT_THAT(Save(Pids(absl::StrCat(::getpid(), "\n")), 1), HasSubstr("no service that runs"));
  EXPECT_THAT(Save(Pids(""), 1), HasSubstr("no service that runs"));
  EXPECT_EQ(Read(tar()), "");
  EXPECT_EQ(State(), "S\n");
}

}  // namespace
}  // namespace meso
