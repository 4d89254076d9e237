// What SQLite's result codes mean to Meso: the one place where driver errors become Status.
//
// Messages are neutral: no driver text, no SQL, no values. The driver's own words go to the log at
// the place where the error was met. Pure functions.
#ifndef MESO_COMMON_DATABASE_SQLITE_ERROR_H_
#define MESO_COMMON_DATABASE_SQLITE_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meso {

// How one statement ended. `code` is SQLite's extended result code, 0 = done.
struct SqliteOutcome {
  int code = 0;
  std::string constraint;  // which constraint refused, named as in Expected::OnConstraint
  bool ok() const { return code == 0; }
};

// The name under which stores know the constraint of an error: a trigger's token, a CHECK's name,
// "table.column" of the first column of a UNIQUE or PRIMARY KEY, of a NOT NULL; "" when SQLite does
// not say (foreign keys).
std::string ConstraintName(int code, absl::string_view driver_message);

// STORAGE_UNAVAILABLE for the disk, memory and locks; DEADLINE_EXCEEDED for an interrupted reader;
// INTERNAL for what only a programmer can cause (an unregistered constraint included).
absl::Status SqliteStatus(const SqliteOutcome& outcome);

// True for I/O errors, after which nobody knows what a COMMIT has left on the disk.
bool IsInputOutputError(int code);

// DEADLINE_EXCEEDED: the caller's deadline has passed or it has gone.
absl::Status CallerHasGone();

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_SQLITE_ERROR_H_
