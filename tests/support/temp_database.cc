#include "tests/support/temp_database.h"

#include "common/base/check.h"

namespace meso {

TempDatabase::TempDatabase(const std::string& service, const std::vector<Migration>& migrations)
    : clock_(absl::FromCivil(absl::CivilSecond(2026, 11, 20, 9), absl::UTCTimeZone())) {
  Reopen();
  const absl::Status migrated = Migrate(*database_, service, migrations, ids_);
  MESO_CHECK(migrated.ok(), migrated.ToString().c_str());
}

void TempDatabase::Reopen() {
  if (database_ != nullptr) database_->Close();
  SqliteOptions options;
  options.path = path();
  options.clock = &clock_;
  absl::StatusOr<std::unique_ptr<Database>> opened = OpenSqliteDatabase(options);
  MESO_CHECK(opened.ok(), opened.status().ToString().c_str());
  database_ = *std::move(opened);
}

}  // namespace meso
