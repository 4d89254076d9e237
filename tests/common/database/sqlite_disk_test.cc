// A disk that fails under SQLite: a file system layer in front of the real one refuses writes and
// syncs of the write-ahead log when told to.
#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/database/sqlite_database.h"
#include "gtest/gtest.h"
#include "tests/support/child_process.h"

namespace meso {
namespace {

// What the layer answers to the log's writes and syncs from now on; SQLITE_OK = what the disk says.
struct DiskScript {
  std::atomic<int> write_code{SQLITE_OK};
  std::atomic<int> sync_code{SQLITE_OK};
  std::atomic<int> writes_before{0};  // that many writes still succeed
};
DiskScript& Script() {
  static DiskScript& script = *new DiskScript;
  return script;
}

const sqlite3_io_methods* real_methods = nullptr;
sqlite3_io_methods log_methods;

int LogWrite(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (Script().write_code != SQLITE_OK && Script().writes_before-- <= 0) {
    return Script().write_code;
  }
  return real_methods->xWrite(file, bytes, size, offset);
}

int LogSync(sqlite3_file* file, int flags) {
  return Script().sync_code != SQLITE_OK ? Script().sync_code.load()
                                         : real_methods->xSync(file, flags);
}

int OpenThrough(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* real = static_cast<sqlite3_vfs*>(vfs->pAppData);
  const int code = real->xOpen(real, name, file, flags, out);
  if (code == SQLITE_OK && name != nullptr && absl::EndsWith(name, "-wal")) {
    real_methods = file->pMethods;
    log_methods = *file->pMethods;
    log_methods.xWrite = &LogWrite;
    log_methods.xSync = &LogSync;
    file->pMethods = &log_methods;
  }
  return code;
}

class SqliteDiskTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Both suites share the fixture; the layer must not be put in front of itself.
    static sqlite3_vfs* const real = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs layer = *real;
    layer.pAppData = real;
    layer.zName = "failing";
    layer.xOpen = &OpenThrough;
    ASSERT_EQ(sqlite3_vfs_register(&layer, 1), SQLITE_OK);
  }

  void Open() {
    SqliteOptions options;
    options.path = directory_.path() + "/disk.db";
    options.clock = &clock_;
    auto opened = OpenSqliteDatabase(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    db_ = *std::move(opened);
    ASSERT_TRUE(db_->Transact([](Transaction& tx) {
                     return tx.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, bytes BLOB)", {});
                   })
                    .ok());
  }

  void TearDown() override {
    Script().write_code = SQLITE_OK;
    Script().sync_code = SQLITE_OK;
  }

  absl::Status Insert(int64_t id, size_t size = 10) {
    return db_->Transact([&](Transaction& tx) {
      return tx.Execute("INSERT INTO t (id, bytes) VALUES ($1, $2)",
                        {id, Blob{std::string(size, 'x')}});
    });
  }

  int64_t Rows() {
    int64_t rows = -1;
    EXPECT_TRUE(db_->Read([&](Transaction& tx) {
                     auto row = QueryOne(tx, "SELECT COUNT(*) FROM t", {});
                     if (row.ok()) rows = (**row).Int(0);
                     return row.status();
                   })
                    .ok());
    return rows;
  }

  TempDir directory_;
  SystemClock clock_;
  std::unique_ptr<Database> db_;
};

TEST_F(SqliteDiskTest, SaysStorageUnavailableWhileTheDiskIsFullAndGoesOnAfterwards) {
  Open();
  ASSERT_TRUE(Insert(1).ok());
  for (const int writes_before : {0, 1, 2}) {
    Script().writes_before = writes_before;
    Script().write_code = SQLITE_FULL;
    const absl::Status status = Insert(2, 20'000);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(status), "STORAGE_UNAVAILABLE");
    EXPECT_EQ(Rows(), 1);
  }
  Script().write_code = SQLITE_OK;
  EXPECT_TRUE(Insert(2).ok());
  EXPECT_EQ(Rows(), 2);
}

TEST_F(SqliteDiskTest, TriesEachMemberAloneWhenTheCommitOfAllDoesNotFit) {
  Open();
  absl::Notification begun, go_on;
  WriteRequest blocker;
  blocker.work = [&](Transaction&) {
    begun.Notify();
    go_on.WaitForNotification();
    return absl::OkStatus();
  };
  db_->Submit(std::move(blocker));
  begun.WaitForNotification();
  absl::BlockingCounter left(5);
  std::atomic<int> kept{0};
  for (int64_t i = 0; i < 5; ++i) {
    WriteRequest request;
    request.work = [i](Transaction& tx) {
      return tx.Execute("INSERT INTO t (id, bytes) VALUES ($1, $2)",
                        {i, Blob{std::string(20'000, 'x')}});
    };
    request.done = [&](absl::Status status) {
      if (status.ok()) ++kept;
      // The first answer comes when the group has failed and somebody has been tried alone.
      Script().write_code = SQLITE_OK;
      left.DecrementCount();
    };
    db_->Submit(std::move(request));
  }
  Script().writes_before = 3;
  Script().write_code = SQLITE_FULL;
  go_on.Notify();
  left.Wait();
  EXPECT_EQ(kept, 4);
  EXPECT_EQ(Rows(), 4);
}

using SqliteDiskDeathTest = SqliteDiskTest;

TEST_F(SqliteDiskDeathTest, EndsTheProcessWhenTheCommitMeetsAnInputOutputError) {
  for (const int code : {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC}) {
    EXPECT_EXIT(
        {
          Open();
          (code == SQLITE_IOERR_WRITE ? Script().write_code : Script().sync_code) = code;
          (void)Insert(1);
          ::_exit(0);
        },
        testing::KilledBySignal(SIGABRT), "an I/O error at COMMIT");
  }
}

}  // namespace
}  // namespace meso
