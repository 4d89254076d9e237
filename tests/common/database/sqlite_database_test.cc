// What is particular to the SQLite engine: its file, its groups and what kills them.
#include "common/database/sqlite_database.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

class SqliteDatabaseTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Database>> OpenAnother() {
    SqliteOptions options;
    options.path = path();
    options.clock = &clock_;
    options.on_group = [this](int members, double held_ms) {
      EXPECT_GE(held_ms, 0);
      absl::MutexLock lock(&mutex_);
      groups_.push_back(members);
    };
    return OpenSqliteDatabase(options);
  }

  void Open() {
    auto opened = OpenAnother();
    ASSERT_TRUE(opened.ok()) << opened.status();
    db_ = *std::move(opened);
    ASSERT_TRUE(Do("CREATE TABLE t (id INTEGER PRIMARY KEY, bytes BLOB)").ok());
  }

  std::string path() const { return directory_.path() + "/deep/er/test.db"; }

  absl::Status Do(const std::string& sql) {
    return db_->Transact([&](Transaction& tx) { return tx.Execute(Sql::Dynamic(sql), {}); });
  }

  int64_t Number(const std::string& sql) {
    int64_t number = -1;
    const absl::Status status = db_->Transact([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(const auto row, QueryOne(tx, Sql::Dynamic(sql), {}));
      number = row->Int(0);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return number;
  }

  // Runs the closures in one group: they are queued while the writer is busy.
  std::vector<absl::Status> RunTogether(const std::vector<Work>& works,
                                        const std::vector<RefusalWork>& refusals = {}) {
    absl::Notification begun, go_on;
    WriteRequest blocker;
    blocker.work = [&](Transaction&) {
      begun.Notify();
      go_on.WaitForNotification();
      return absl::OkStatus();
    };
    db_->Submit(std::move(blocker));
    begun.WaitForNotification();
    std::vector<absl::Status> results(works.size());
    absl::BlockingCounter left(static_cast<int>(works.size()));
    for (size_t i = 0; i < works.size(); ++i) {
      WriteRequest request;
      request.work = works[i];
      if (i < refusals.size()) request.on_refusal = refusals[i];
      request.done = [&, i](absl::Status status) {
        results[i] = std::move(status);
        left.DecrementCount();
      };
      db_->Submit(std::move(request));
    }
    EXPECT_EQ(db_->QueuedWrites(), works.size());
    go_on.Notify();
    left.Wait();
    return results;
  }

  std::vector<int> Groups() {
    db_->Close();
    absl::MutexLock lock(&mutex_);
    return groups_;
  }

  static Work InsertBytes(int64_t id, size_t size) {
    return [id, size](Transaction& tx) {
      return tx.Execute("INSERT INTO t (id, bytes) VALUES ($1, $2)",
                        {id, Blob{std::string(size, 'x')}});
    };
  }

  TempDir directory_;
  ManualClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  absl::Mutex mutex_;
  std::vector<int> groups_;
  std::unique_ptr<Database> db_;
};

TEST_F(SqliteDatabaseTest, MakesItsFilesReadableByTheirOwnerAlone) {
  Open();
  for (const std::string suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat file;
    ASSERT_EQ(::stat((path() + suffix).c_str(), &file), 0) << suffix;
    EXPECT_EQ(file.st_mode & 0777, 0600u) << suffix;
  }
  struct stat directory;
  ASSERT_EQ(::stat((directory_.path() + "/deep").c_str(), &directory), 0);
  EXPECT_EQ(directory.st_mode & 0777, 0700u);
}

TEST_F(SqliteDatabaseTest, WritesAheadAndSyncsEveryCommit) {
  Open();
  EXPECT_EQ(Number("SELECT 1 FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
  EXPECT_EQ(Number("SELECT synchronous FROM pragma_synchronous"), 2);
  EXPECT_EQ(Number("SELECT foreign_keys FROM pragma_foreign_keys"), 1);
  EXPECT_EQ(Number("PRAGMA wal_autocheckpoint"), 4000);
}

TEST_F(SqliteDatabaseTest, RefusesAFileThatAnotherHolds) {
  Open();
  const absl::Status here = OpenAnother().status();
  EXPECT_EQ(here.code(), Code::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(here), "DATABASE_IN_USE");
  db_->Close();
  EXPECT_TRUE(OpenAnother().ok());
}

TEST_F(SqliteDatabaseTest, RefusesAFileThatAnotherProcessHolds) {
  int ready[2], stop[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(stop), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto held = OpenAnother();
    char byte = held.ok() ? 'y' : 'n';
    (void)!::write(ready[1], &byte, 1);
    (void)!::read(stop[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const absl::Status status = OpenAnother().status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "DATABASE_IN_USE");
  ASSERT_EQ(::write(stop[1], &byte, 1), 1);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(OpenAnother().ok());
}

TEST_F(SqliteDatabaseTest, RefusesAFileThatIsNoDatabase) {
  ASSERT_TRUE(OpenAnother().ok());
  std::ofstream(path(), std::ios::trunc) << std::string(4096, 'z');
  const absl::Status status = OpenAnother().status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "STORAGE_UNAVAILABLE");
}

TEST_F(SqliteDatabaseTest, RefusesADirectoryThatCannotBeMade) {
  std::ofstream(directory_.path() + "/deep") << "a file where a directory should be";
  EXPECT_EQ(ReasonOf(OpenAnother().status()), "STORAGE_UNAVAILABLE");
}

TEST_F(SqliteDatabaseTest, PutsWhatWaitsIntoGroupsOfAtMostTheLimit) {
  Open();
  std::vector<Work> works;
  for (int i = 0; i < 600; ++i) works.push_back(InsertBytes(i, 1));
  for (const absl::Status& status : RunTogether(works)) EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(Groups(), ElementsAre(1, 1, 256, 256, 88));
}

TEST_F(SqliteDatabaseTest, CommitsAGroupOnceAndAnswersOnlyAfterwards) {
  Open();
  int commits = 0, answers_before_commit = 0, answered = 0;
  SetFailpoint("database.before_commit", [&] { answers_before_commit = answered; });
  SetFailpoint("database.after_commit", [&] { ++commits; });
  absl::Notification begun, go_on;
  absl::BlockingCounter left(10);
  WriteRequest blocker;
  blocker.work = [&](Transaction&) {
    if (!begun.HasBeenNotified()) begun.Notify();
    go_on.WaitForNotification();
    return absl::OkStatus();
  };
  db_->Submit(std::move(blocker));
  begun.WaitForNotification();
  for (int i = 0; i < 10; ++i) {
    WriteRequest request;
    request.work = InsertBytes(i, 1);
    request.done = [&](absl::Status) {
      ++answered;
      left.DecrementCount();
    };
    db_->Submit(std::move(request));
  }
  go_on.Notify();
  left.Wait();
  SetFailpoint("database.before_commit", nullptr);
  SetFailpoint("database.after_commit", nullptr);
  EXPECT_EQ(answers_before_commit, 0);
#ifdef MESO_FAILPOINTS
  EXPECT_EQ(commits, 2);
#endif
}

TEST_F(SqliteDatabaseTest, FailsOnlyTheMemberThatMeetsTheFullDiskWhereverItStands) {
  for (const size_t guilty : {0u, 1u, 3u, 6u}) {
    SCOPED_TRACE(guilty);
    Open();
    const int64_t pages = Number("SELECT page_count FROM pragma_page_count");
    ASSERT_TRUE(
        db_->Transact([&](Transaction& tx) {
             return tx.Query(Sql::Dynamic(absl::StrCat("PRAGMA max_page_count=", pages + 40)), {})
                 .status();
           })
            .ok());
    std::vector<Work> works;
    for (int64_t i = 0; i < 7; ++i) {
      works.push_back(InsertBytes(i, static_cast<size_t>(i) == guilty ? 1'000'000 : 1000));
    }
    const std::vector<absl::Status> results = RunTogether(works);
    for (size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(results[i].ok(), i != guilty) << i << ": " << results[i];
    }
    EXPECT_EQ(results[guilty].code(), Code::kUnavailable);
    EXPECT_EQ(ReasonOf(results[guilty]), "STORAGE_UNAVAILABLE");
    EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 6);
    EXPECT_EQ(Number(absl::StrCat("SELECT COUNT(*) FROM t WHERE id = ", guilty)), 0);
    ASSERT_TRUE(Do("DROP TABLE t").ok());
    db_->Close();
  }
}

TEST_F(SqliteDatabaseTest, FailsTheMemberThatHidesThatItKilledTheGroup) {
  Open();
  const int64_t pages = Number("SELECT page_count FROM pragma_page_count");
  ASSERT_TRUE(db_->Transact([&](Transaction& tx) {
                   return tx
                       .Query(Sql::Dynamic(absl::StrCat("PRAGMA max_page_count=", pages + 40)), {})
                       .status();
                 })
                  .ok());
  const Work hides = [](Transaction& tx) -> absl::Status {
    (void)InsertBytes(50, 1'000'000)(tx);
    (void)InsertBytes(51, 10)(tx);
    return absl::OkStatus();
  };
  const std::vector<absl::Status> results =
      RunTogether({InsertBytes(1, 10), hides, InsertBytes(2, 10)});
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(ReasonOf(results[1]), "STORAGE_UNAVAILABLE");
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 2);
}

TEST_F(SqliteDatabaseTest, SurvivesARefusalEntryThatKillsItsGroup) {
  Open();
  const int64_t pages = Number("SELECT page_count FROM pragma_page_count");
  ASSERT_TRUE(db_->Transact([&](Transaction& tx) {
                   return tx
                       .Query(Sql::Dynamic(absl::StrCat("PRAGMA max_page_count=", pages + 40)), {})
                       .status();
                 })
                  .ok());
  const Work refused = [](Transaction&) { return absl::AbortedError("refused"); };
  const RefusalWork kills = [](Transaction& tx, const absl::Status&) {
    return InsertBytes(50, 1'000'000)(tx);
  };
  const std::vector<absl::Status> results =
      RunTogether({InsertBytes(1, 10), refused, InsertBytes(2, 10)}, {nullptr, kills, nullptr});
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(ReasonOf(results[1]), "STORAGE_UNAVAILABLE");
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 2);
}

TEST_F(SqliteDatabaseTest, RunsAfterCommitOnceThoughTheClosureRanAgain) {
  Open();
  const int64_t pages = Number("SELECT page_count FROM pragma_page_count");
  ASSERT_TRUE(db_->Transact([&](Transaction& tx) {
                   return tx
                       .Query(Sql::Dynamic(absl::StrCat("PRAGMA max_page_count=", pages + 40)), {})
                       .status();
                 })
                  .ok());
  int runs = 0, actions = 0;
  const Work counted = [&](Transaction& tx) {
    ++runs;
    tx.AfterCommit([&actions] { ++actions; });
    return InsertBytes(1, 10)(tx);
  };
  const std::vector<absl::Status> results = RunTogether({counted, InsertBytes(50, 1'000'000)});
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(actions, 1);
}

TEST_F(SqliteDatabaseTest, RefusesAtTheCommitWhatADeferredKeyForbids) {
  Open();
  ASSERT_TRUE(
      Do("CREATE TABLE child (t INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)").ok());
  const Work orphan = [](Transaction& tx) {
    return tx.Execute("INSERT INTO child (t) VALUES (77)", {});
  };
  EXPECT_EQ(db_->Transact(orphan).code(), Code::kInternal);
  const std::vector<absl::Status> results =
      RunTogether({InsertBytes(1, 10), orphan, InsertBytes(2, 10)});
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(results[1].code(), Code::kInternal);
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 2);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM child"), 0);
}

TEST_F(SqliteDatabaseTest, PreparesMoreTextsThanItKeeps) {
  Open();
  ASSERT_TRUE(
      db_->Transact([](Transaction& tx) -> absl::Status {
           for (int i = 0; i < 1500; ++i) {
             MESO_RETURN_IF_ERROR(
                 tx.Query(Sql::Dynamic(absl::StrCat("SELECT ", i % 700, " + COUNT(*) FROM t")), {})
                     .status());
           }
           return absl::OkStatus();
         })
          .ok());
}

TEST_F(SqliteDatabaseTest, InterruptsAReaderWhoseCallerHasGone) {
  Open();
  std::atomic<int> looks{0};
  absl::Notification answered;
  absl::Status result;
  ReadRequest request;
  request.cancelled = [&looks] { return ++looks > 3; };
  request.work = [](Transaction& tx) {
    return tx
        .Query(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT COUNT(*) FROM n",
            {})
        .status();
  };
  request.done = [&](absl::Status status) {
    result = std::move(status);
    answered.Notify();
  };
  db_->SubmitRead(std::move(request));
  answered.WaitForNotification();
  EXPECT_EQ(result.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 0);
}

TEST_F(SqliteDatabaseTest, KeepsEveryAnsweredWriteOfAKilledProcess) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Open();
    for (int64_t i = 1;; ++i) {
      if (!db_->Transact(InsertBytes(i, 100)).ok()) ::_exit(1);
      (void)!::write(pipe_ends[1], &i, sizeof(i));
    }
  }
  int64_t acknowledged = 0;
  while (acknowledged < 20) {
    ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof(acknowledged)),
              static_cast<ssize_t>(sizeof(acknowledged)));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_ends[1]);
  int64_t one = 0;
  while (::read(pipe_ends[0], &one, sizeof(one)) == static_cast<ssize_t>(sizeof(one))) {
    acknowledged = one;
  }
  auto opened = OpenAnother();
  ASSERT_TRUE(opened.ok()) << opened.status();
  db_ = *std::move(opened);
  const int64_t rows = Number("SELECT COUNT(*) FROM t");
  EXPECT_GE(rows, acknowledged);
  EXPECT_EQ(Number("SELECT MAX(id) FROM t"), rows);
}

using SqliteDatabaseDeathTest = SqliteDatabaseTest;

TEST_F(SqliteDatabaseDeathTest, RefusesToWaitForItselfOnItsOwnThread) {
  EXPECT_DEATH(
      {
        Open();
        (void)db_->Transact([&](Transaction&) {
          return db_->Transact([](Transaction&) { return absl::OkStatus(); });
        });
      },
      "an engine thread must not wait for its own engine");
}

TEST_F(SqliteDatabaseDeathTest, TreatsAColumnReadAsAnotherTypeAsAProgrammersError) {
  EXPECT_DEATH((void)Row({std::string("text")}).Int(0), "not an integer");
  EXPECT_DEATH((void)Row({int64_t{1}}).Text(0), "not text");
  EXPECT_DEATH((void)Row({int64_t{1}}).Int(1), "no such column");
}

}  // namespace
}  // namespace meso
