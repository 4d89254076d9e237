// A real SQLite database in a directory of its own, with a clock that stands still and predictable
// ids; gone with the test.
#ifndef MESO_TESTS_SUPPORT_TEMP_DATABASE_H_
#define MESO_TESTS_SUPPORT_TEMP_DATABASE_H_

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/migrator.h"
#include "common/database/sqlite_database.h"
#include "tests/support/child_process.h"

namespace meso {

class TempDatabase {
 public:
  // Opens and migrates; the clock stands at 2026-11-20T09:00:00Z.
  explicit TempDatabase(const std::string& service = "inventory",
                        const std::vector<Migration>& migrations = {});

  Database& operator*() { return *database_; }
  Database* operator->() { return database_.get(); }
  // Closes the database and opens it again, as after a restart.
  void Reopen();

  ManualClock& clock() { return clock_; }
  IdSource& ids() { return ids_; }
  std::string path() const { return directory_.path() + "/data/test.db"; }

 private:
  TempDir directory_;
  ManualClock clock_;
  SequentialIdSource ids_;
  std::unique_ptr<Database> database_;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_TEMP_DATABASE_H_
