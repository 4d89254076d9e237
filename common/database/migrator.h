// Brings a database to the schema a binary needs, step by numbered step.
//
// Each migration is one transaction: its statements and the row that says it ran. Killed at any
// point, a rerun ends at the same schema. A checksum guards against an edited migration; a database
// with a migration this binary does not know refuses to open. Called once at start, before anything
// else uses the database.
#ifndef MESO_COMMON_DATABASE_MIGRATOR_H_
#define MESO_COMMON_DATABASE_MIGRATOR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/id_source.h"
#include "common/database/database.h"

namespace meso {

struct Migration {
  int number;        // 1, 2, ... without gaps within its component
  std::string name;  // "0001_initial"
  std::string sql;  // statements separated by ';' (triggers included: BEGIN ... END; is understood)
};

// The tables every service has: outbox, audit outbox, replies, event cursors, pending work, source
// identity.
std::vector<Migration> SharedMigrations();

// Applies what is missing of `shared` and of the service's own migrations, and gives the database
// its identity (source name and epoch) on first use. Errors: FAILED_PRECONDITION when the database
// is newer than the binary or a migration was edited, or the database belongs to another service
// (the message names both); STORAGE_UNAVAILABLE.
absl::Status Migrate(Database& database, absl::string_view service,
                     const std::vector<Migration>& service_migrations, IdSource& ids);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_MIGRATOR_H_
