// The SQLite engine behind the Database seam: WAL, synchronous=FULL, one writer thread with group
// commit, a pool of snapshot readers. One process per file.
//
// The writer takes all waiting closures (at most 256, no gathering delay), runs each inside a
// savepoint of one BEGIN IMMEDIATE ... COMMIT and answers after COMMIT returned. Errors that make
// SQLite roll back the whole group (full disk, I/O, memory) are noticed by
// sqlite3_get_autocommit(); the innocent members run again, alone if need be. The writer connection
// is never interrupted; an I/O error at COMMIT ends the process, because nobody can know what is on
// the disk.
#ifndef MESO_COMMON_DATABASE_SQLITE_DATABASE_H_
#define MESO_COMMON_DATABASE_SQLITE_DATABASE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/database/database.h"

namespace meso {

struct SqliteOptions {
  std::string path;              // the file; its directory is created (mode 0700) when missing
  const Clock* clock = nullptr;  // required: deadlines are checked against it
  int readers = 2;
  int group_size_max = 256;
  // Called on the writer thread after each group: members, milliseconds held. For metrics; may be
  // empty.
  std::function<void(int members, double held_ms)> on_group;
};

// Errors: STORAGE_UNAVAILABLE (cannot open, not a database, disk full), FAILED_PRECONDITION when
// another process has the file.
absl::StatusOr<std::unique_ptr<Database>> OpenSqliteDatabase(const SqliteOptions& options);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_SQLITE_DATABASE_H_
