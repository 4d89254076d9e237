#include "common/database/migrator.h"

#include <openssl/evp.h>

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/sql_script.h"

namespace meso {
namespace {

constexpr char kSharedComponent[] = "shared";

constexpr char kHistoryTable[] =
    "CREATE TABLE IF NOT EXISTS meso_migration ("
    " component TEXT NOT NULL,"
    " number INTEGER NOT NULL,"
    " name TEXT NOT NULL,"
    " checksum TEXT NOT NULL,"
    " PRIMARY KEY (component, number)) STRICT";

struct Applied {
  std::string name;
  std::string checksum;
};
// By component and number.
using History = std::map<std::pair<std::string, int64_t>, Applied>;

std::string Checksum(absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  MESO_CHECK(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1,
             "SHA-256 is not available");
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

absl::StatusOr<History> LoadHistory(Database& database) {
  History history;
  MESO_RETURN_IF_ERROR(database.Transact([&history](Transaction& tx) -> absl::Status {
    history.clear();
    MESO_RETURN_IF_ERROR(tx.Execute(kHistoryTable, {}));
    MESO_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.Query("SELECT component, number, name, checksum FROM meso_migration", {}));
    for (const Row& row : rows) {
      history[{row.Text(0), row.Int(1)}] = {row.Text(2), row.Text(3)};
    }
    return absl::OkStatus();
  }));
  return history;
}

absl::Status BelongsElsewhere(absl::string_view owner, absl::string_view service) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATABASE_OF_ANOTHER_SERVICE",
               absl::StrCat("This database belongs to ", owner, "; this is ", service,
                            ". Give it its own file."))
      .With("owner", owner)
      .With("service", service);
}

absl::Status CheckOwner(Database& database, const History& history, absl::string_view service) {
  if (history.count({kSharedComponent, 1}) == 0) return absl::OkStatus();
  return database.Read([&service](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                          QueryOne(tx, "SELECT service FROM meso_source", {}));
    if (row && row->Text(0) != service) return BelongsElsewhere(row->Text(0), service);
    return absl::OkStatus();
  });
}

// Everything the database has had must be in this binary, unchanged.
absl::Status CheckHistory(const History& history,
                          const std::map<std::string, const std::vector<Migration>*>& known) {
  for (const auto& [key, applied] : history) {
    const auto& [component, number] = key;
    const auto it = known.find(component);
    if (it == known.end() || number > static_cast<int64_t>(it->second->size())) {
      return Error(absl::StatusCode::kFailedPrecondition, "DATABASE_TOO_NEW",
                   absl::StrCat("The database has had migration ", component, "/", applied.name,
                                ", which this version does not know. Start the newer version, or "
                                "restore a backup from before the upgrade."))
          .With("migration", absl::StrCat(component, "/", applied.name));
    }
    if (Checksum((*it->second)[number - 1].sql) != applied.checksum) {
      return Error(absl::StatusCode::kFailedPrecondition, "MIGRATION_EDITED",
                   absl::StrCat("Migration ", component, "/", applied.name,
                                " is not the one this database has had. A released migration is "
                                "never edited: restore it and add the next number."))
          .With("migration", absl::StrCat(component, "/", applied.name));
    }
  }
  return absl::OkStatus();
}

absl::Status Apply(Database& database, const std::string& component, const Migration& migration) {
  const std::vector<std::string> statements = SplitStatements(migration.sql);
  absl::Status status = database.Transact([&](Transaction& tx) -> absl::Status {
    for (const std::string& statement : statements) {
      MESO_FAILPOINT("migrator.before_statement");
      MESO_RETURN_IF_ERROR(tx.Execute(Sql::Dynamic(statement), {}));
    }
    MESO_FAILPOINT("migrator.before_record");
    return tx.Execute(
        "INSERT INTO meso_migration (component, number, name, checksum) VALUES ($1, $2, $3, $4)",
        {component, int64_t{migration.number}, migration.name, Checksum(migration.sql)});
  });
  if (status.ok()) {
    Log(Severity::kInfo, "migration applied",
        {{"migration", absl::StrCat(component, "/", migration.name)}});
  }
  return status;
}

absl::Status ApplyMissing(Database& database, const History& history, const std::string& component,
                          const std::vector<Migration>& migrations) {
  for (size_t i = 0; i < migrations.size(); ++i) {
    MESO_CHECK(migrations[i].number == static_cast<int>(i) + 1,
               "migrations are numbered 1, 2, ...");
    if (history.count({component, migrations[i].number}) > 0) continue;
    MESO_RETURN_IF_ERROR(Apply(database, component, migrations[i]));
  }
  return absl::OkStatus();
}

absl::Status GiveIdentity(Database& database, absl::string_view service, IdSource& ids) {
  const std::string epoch = ids.NewId();
  return database.Transact([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                          QueryOne(tx, "SELECT service FROM meso_source", {}));
    if (row) return absl::OkStatus();
    return tx.Execute("INSERT INTO meso_source (id, service, epoch) VALUES (1, $1, $2)",
                      {std::string(service), epoch});
  });
}

}  // namespace

absl::Status Migrate(Database& database, absl::string_view service,
                     const std::vector<Migration>& service_migrations, IdSource& ids) {
  MESO_CHECK(!service.empty() && service != kSharedComponent, "a service has a name of its own");
  const std::vector<Migration> shared = SharedMigrations();
  const std::string component(service);
  MESO_ASSIGN_OR_RETURN(const History history, LoadHistory(database));
  MESO_RETURN_IF_ERROR(CheckOwner(database, history, service));
  MESO_RETURN_IF_ERROR(
      CheckHistory(history, {{kSharedComponent, &shared}, {component, &service_migrations}}));
  MESO_RETURN_IF_ERROR(ApplyMissing(database, history, kSharedComponent, shared));
  // The identity comes before the service's own tables: a process killed between them leaves a
  // database that already knows whose it is.
  MESO_RETURN_IF_ERROR(GiveIdentity(database, service, ids));
  return ApplyMissing(database, history, component, service_migrations);
}

}  // namespace meso
