#include "common/database/migrator.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "common/database/outbox.h"
#include "common/database/sqlite_database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using Code = absl::StatusCode;

const Migration kFirst = {1, "0001_initial",
                          "CREATE TABLE lot (id INTEGER PRIMARY KEY) STRICT;"
                          "CREATE TRIGGER lot_stays BEFORE DELETE ON lot"
                          " BEGIN SELECT RAISE(ABORT, 'lot_is_never_deleted'); END;"
                          "INSERT INTO lot (id) VALUES (7);"};
const Migration kSecond = {2, "0002_notes", "ALTER TABLE lot ADD COLUMN note TEXT;"};

class MigratorTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Open() {
    SqliteOptions options;
    options.path = directory_.path() + "/migrated.db";
    options.clock = &clock_;
    auto opened = OpenSqliteDatabase(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  absl::Status MigrateTo(const std::vector<Migration>& migrations,
                         const std::string& service = "inventory") {
    return Migrate(*Open(), service, migrations, ids_);
  }

  // Everything the schema and the history say.
  std::vector<std::string> Schema() {
    std::vector<std::string> lines;
    const std::unique_ptr<Database> database = Open();
    EXPECT_TRUE(
        database
            ->Read([&](Transaction& tx) -> absl::Status {
              lines.clear();
              MESO_ASSIGN_OR_RETURN(
                  const Rows rows,
                  tx.Query("SELECT COALESCE(sql, name) FROM sqlite_schema"
                           " UNION ALL SELECT component || number || name || checksum FROM "
                           "meso_migration"
                           " UNION ALL SELECT 'lot ' || id FROM lot"
                           " UNION ALL SELECT 'source ' || service FROM meso_source ORDER BY 1",
                           {}));
              for (const Row& row : rows) lines.push_back(row.Text(0));
              return absl::OkStatus();
            })
            .ok());
    return lines;
  }

  EventPosition Head() {
    EventPosition head;
    const std::unique_ptr<Database> database = Open();
    EXPECT_TRUE(database
                    ->Read([&](Transaction& tx) -> absl::Status {
                      MESO_ASSIGN_OR_RETURN(head, HeadPosition(tx));
                      return absl::OkStatus();
                    })
                    .ok());
    return head;
  }

  TempDir directory_;
  SystemClock clock_;
  Uuid7Source ids_{clock_};
};

TEST_F(MigratorTest, BringsAnEmptyDatabaseToTheLastStepAndGivesItAnIdentity) {
  ASSERT_TRUE(MigrateTo({kFirst, kSecond}).ok());
  const EventPosition head = Head();
  EXPECT_EQ(head.source, "inventory");
  EXPECT_EQ(head.epoch.size(), 36u);
  EXPECT_EQ(head.sequence, 0);
}

TEST_F(MigratorTest, ChangesNothingTheSecondTime) {
  ASSERT_TRUE(MigrateTo({kFirst, kSecond}).ok());
  const std::vector<std::string> before = Schema();
  const std::string epoch = Head().epoch;
  ASSERT_TRUE(MigrateTo({kFirst, kSecond}).ok());
  EXPECT_EQ(Schema(), before);
  EXPECT_EQ(Head().epoch, epoch);
}

TEST_F(MigratorTest, AppliesOnlyWhatIsMissing) {
  ASSERT_TRUE(MigrateTo({kFirst}).ok());
  ASSERT_TRUE(MigrateTo({kFirst, kSecond}).ok());
  const std::unique_ptr<Database> database = Open();
  EXPECT_TRUE(
      database->Read([](Transaction& tx) { return tx.Query("SELECT note FROM lot", {}).status(); })
          .ok());
}

TEST_F(MigratorTest, RefusesADatabaseThatIsNewerThanTheBinary) {
  ASSERT_TRUE(MigrateTo({kFirst, kSecond}).ok());
  const absl::Status status = MigrateTo({kFirst});
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "DATABASE_TOO_NEW");
  EXPECT_EQ(DetailsOf(status).metadata.at("migration"), "inventory/0002_notes");
}

TEST_F(MigratorTest, RefusesAnEditedMigration) {
  ASSERT_TRUE(MigrateTo({kFirst}).ok());
  Migration edited = kFirst;
  edited.sql += " ";
  const absl::Status status = MigrateTo({edited, kSecond});
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "MIGRATION_EDITED");
}

TEST_F(MigratorTest, RefusesTheDatabaseOfAnotherServiceAndNamesBoth) {
  ASSERT_TRUE(MigrateTo({kFirst}).ok());
  const absl::Status status = MigrateTo({kFirst}, "screening");
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "DATABASE_OF_ANOTHER_SERVICE");
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(testing::HasSubstr("inventory"), testing::HasSubstr("screening")));
}

TEST_F(MigratorTest, LeavesNothingOfAMigrationThatFailsHalfWay) {
  const Migration broken = {2, "0002_broken",
                            "CREATE TABLE half (id INTEGER); CREATE TABLE lot (x);"};
  EXPECT_EQ(MigrateTo({kFirst, broken}).code(), Code::kInternal);
  const std::vector<std::string> after = Schema();
  ASSERT_TRUE(MigrateTo({kFirst}).ok());
  EXPECT_EQ(Schema(), after);
}

#ifdef MESO_FAILPOINTS
// Runs the migration in a child that is killed at its n-th pass of any failpoint; true when it got
// through.
bool MigrateInChild(int n, const std::function<absl::Status()>& migrate) {
  const pid_t child = ::fork();
  if (child == 0) {
    int passes = 0;
    for (const char* point : {"migrator.before_statement", "migrator.before_record",
                              "database.before_commit", "database.after_commit"}) {
      SetFailpoint(point, [&passes, n] {
        if (++passes == n) ::kill(::getpid(), SIGKILL);
      });
    }
    ::_exit(migrate().ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "child failed at pass " << n;
  return WIFEXITED(status);
}

TEST_F(MigratorTest, EndsAtTheSameSchemaWhereverItIsKilled) {
  ASSERT_TRUE(MigrateTo({kFirst, kSecond}).ok());
  const std::vector<std::string> wanted = Schema();
  int kills = 0;
  for (int n = 1;; ++n) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      ::unlink((directory_.path() + "/migrated.db" + suffix).c_str());
    }
    const auto migrate = [this] { return MigrateTo({kFirst, kSecond}); };
    if (MigrateInChild(n, migrate)) break;
    ++kills;
    ASSERT_TRUE(MigrateTo({kFirst, kSecond}).ok()) << "after a kill at pass " << n;
    EXPECT_EQ(Schema(), wanted) << "after a kill at pass " << n;
  }
  EXPECT_GT(kills, 20);
}
#endif

}  // namespace
}  // namespace meso
