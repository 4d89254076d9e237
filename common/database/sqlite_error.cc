#include "common/database/sqlite_error.h"

#include <sqlite3.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"

namespace meso {
namespace {

constexpr int kPrimaryCodeMask = 0xff;

absl::Status UnexpectedConstraint(const std::string& name) {
  return absl::InternalError(absl::StrCat("a constraint nobody expected refused a write: ",
                                          name.empty() ? std::string("a foreign key") : name));
}

}  // namespace

std::string ConstraintName(int code, absl::string_view driver_message) {
  // A trigger's token is the whole message; the others are "KIND constraint failed: NAME[, NAME]".
  if (code == SQLITE_CONSTRAINT_TRIGGER) return std::string(driver_message);
  const size_t colon = driver_message.find(": ");
  if (colon == absl::string_view::npos) return "";
  absl::string_view name = driver_message.substr(colon + 2);
  if (code == SQLITE_CONSTRAINT_CHECK) return std::string(name);
  name = name.substr(0, name.find(','));
  // A UNIQUE index over an expression has no column to name: "index 'NAME'".
  if (absl::ConsumePrefix(&name, "index '")) absl::ConsumeSuffix(&name, "'");
  return std::string(name);
}

absl::Status SqliteStatus(const SqliteOutcome& outcome) {
  switch (outcome.code & kPrimaryCodeMask) {
    case SQLITE_OK:
      return absl::OkStatus();
    case SQLITE_CONSTRAINT:
      return UnexpectedConstraint(outcome.constraint);
    case SQLITE_FULL:
      return StorageUnavailable("the disk is full");
    case SQLITE_IOERR:
      // The shared memory beside the database could not grow: what a full disk does to an opening.
      return StorageUnavailable(outcome.code == SQLITE_IOERR_SHMSIZE
                                    ? "the disk is full or reports an error"
                                    : "the disk reports an error");
    case SQLITE_NOMEM:
      return StorageUnavailable("memory is exhausted");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return StorageUnavailable("the database is locked by another program");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return StorageUnavailable("the database file is damaged");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return StorageUnavailable("the database file cannot be opened");
    case SQLITE_INTERRUPT:
      return CallerHasGone();
    case SQLITE_READONLY:
      return absl::InternalError("a write was tried where only reads are possible");
    default:
      return absl::InternalError(
          absl::StrCat("the database refused a statement (code ", outcome.code, ")"));
  }
}

bool IsInputOutputError(int code) {
  return (code & kPrimaryCodeMask) == SQLITE_IOERR && code != SQLITE_IOERR_NOMEM;
}

absl::Status CallerHasGone() {
  return absl::DeadlineExceededError(
      "The deadline passed, or the caller went away, before the database was done. Nothing was "
      "changed; retry with the same request_id and more time.");
}

}  // namespace meso
