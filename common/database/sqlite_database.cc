#include "common/database/sqlite_database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/sqlite_connection.h"
#include "common/database/sqlite_reader.h"
#include "common/database/sqlite_writer.h"

namespace meso {
namespace {

// Right after a system call that failed.
absl::Status CannotUse(absl::string_view verb, const std::string& path) {
  return StorageUnavailable(absl::StrCat("cannot ", verb, " ", path, ": ", std::strerror(errno)));
}

// Holds the side file's lock for as long as it lives. SQLite itself would let a second process in,
// and two writers in turn would break the promise that a queued closure sees all earlier ones.
class FileLock {
 public:
  static absl::StatusOr<FileLock> Take(const std::string& database_path) {
    const std::string path = database_path + ".lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return CannotUse("open", path);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return FileLock(fd);
    const bool taken = errno == EWOULDBLOCK;
    const absl::Status trouble = CannotUse("lock", path);
    ::close(fd);
    if (!taken) return trouble;
    return Error(absl::StatusCode::kFailedPrecondition, "DATABASE_IN_USE",
                 absl::StrCat("Another process uses ", database_path,
                              ". Stop it first, or give this one another file."))
        .With("file", database_path)
        .Build();
  }
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() { Release(); }
  void Release() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

// Makes the missing directories of `path`, and the file itself: readable by its owner alone, and so
// are the log files that SQLite puts beside it with the same mode.
absl::Status MakePrivateFile(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string directory = path.substr(0, slash);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return CannotUse("make", directory);
    }
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return CannotUse("open", path);
  ::close(fd);
  return absl::OkStatus();
}

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(FileLock lock, std::unique_ptr<SqliteConnection> writer,
                 std::vector<std::unique_ptr<SqliteConnection>> readers,
                 const SqliteOptions& options)
      : lock_(std::move(lock)),
        writer_(std::move(writer), *options.clock, options.group_size_max, options.on_group),
        readers_(std::move(readers), *options.clock) {}
  ~SqliteDatabase() override { Close(); }

  void Submit(WriteRequest request) override { writer_.Submit(std::move(request)); }
  void SubmitRead(ReadRequest request) override { readers_.Submit(std::move(request)); }
  size_t QueuedWrites() const override { return writer_.Queued(); }

  void Close() override {
    absl::MutexLock lock(&close_mutex_);
    if (closed_) return;
    closed_ = true;
    // The writer goes last: its connection, the last one open, folds the log into the file.
    readers_.Close();
    writer_.Close();
    lock_.Release();
  }

 private:
  FileLock lock_;
  SqliteWriter writer_;
  SqliteReaders readers_;
  absl::Mutex close_mutex_;
  bool closed_ ABSL_GUARDED_BY(close_mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenSqliteDatabase(const SqliteOptions& options) {
  MESO_CHECK(options.clock != nullptr, "a database needs a clock");
  MESO_RETURN_IF_ERROR(MakePrivateFile(options.path));
  MESO_ASSIGN_OR_RETURN(FileLock lock, FileLock::Take(options.path));
  MESO_ASSIGN_OR_RETURN(std::unique_ptr<SqliteConnection> writer,
                        SqliteConnection::Open(options.path, SqliteConnection::Use::kWriter));
  std::vector<std::unique_ptr<SqliteConnection>> readers;
  for (int i = 0; i < std::max(1, options.readers); ++i) {
    MESO_ASSIGN_OR_RETURN(std::unique_ptr<SqliteConnection> reader,
                          SqliteConnection::Open(options.path, SqliteConnection::Use::kReader));
    readers.push_back(std::move(reader));
  }
  return std::unique_ptr<Database>(
      new SqliteDatabase(std::move(lock), std::move(writer), std::move(readers), options));
}

}  // namespace meso
