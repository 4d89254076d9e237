#include "services/inventory/store/planning_store.h"

#include <gtest/gtest.h>

#include "generated/inventory_migrations.h"
#include "tests/support/temp_database.h"

namespace meso::inventory {
namespace {

TEST(PlanningStoreTest, TheUseOfLinesWrittenBeforeIsFilledIn) {
  std::vector<Migration> all = InventoryMigrations();
  std::vector<Migration> before;
  for (const Migration& migration : all) {
    if (migration.name == "0007_planning") break;
    before.push_back(migration);
  }
  ASSERT_LT(before.size(), all.size());
  TempDatabase database("inventory", before);
  const auto run = [&](const char* sql) {
    const absl::Status status =
        database->Transact([&](Transaction& tx) { return tx.Execute(sql, {}); });
    ASSERT_TRUE(status.ok()) << status;
  };
  run("INSERT INTO product (name, display_name, gtin, category, composition, container_kind, "
      "unit_microlitres, units_per_pack, temperature_min_decidegrees, temperature_max_decidegrees, "
      "protect_from_light, after_opening_us, min_remaining_life_days, emergency_kit_par, revision, "
      "update_time_us) VALUES ('products/A', 'A', '1', '', x'', 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0)");
  run("INSERT INTO lot VALUES (1, 'lots/1', 'products/A', 'L1', '2027-01-01', 2, 0, 0, 1, 0)");
  const auto line = [&](int kind, int from, const char* time) {
    const absl::Status status = database->Transact([&](Transaction& tx) {
      absl::Time at;
      std::string error;
      EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, time, &at, &error)) << error;
      return tx.Execute(
          "INSERT INTO movement (kind, lot, site, unit, ampoules, record_time_us, actor, "
          "appointment, reservation, administration, document, lot_previous, from_account) "
          "VALUES ($1, 1, 'sites/par-1', 'main', 3, $2, '', '', '', '', '', 0, $3)",
          {int64_t{kind}, TimeValue(at), int64_t{from}});
    });
    ASSERT_TRUE(status.ok()) << status;
  };
  line(3, 0, "2026-11-18T12:00:00Z");  // ADMINISTER
  line(4, 0, "2026-11-18T13:00:00Z");  // WASTE of what was drawn
  line(4, 4, "2026-11-18T13:00:00Z");  // WASTE off the shelf
  line(2, 0, "2026-11-18T12:00:00Z");  // DRAW
  line(3, 0, "2026-11-19T12:00:00Z");
  ASSERT_TRUE(Migrate(*database, "inventory", all, database.ids()).ok());
  const absl::Status status = database->Read([&](Transaction& tx) -> absl::Status {
    const auto history = LoadUseHistory(tx, SiteName("sites/par-1"), ProductName("products/A"),
                                        absl::CivilDay(2026, 11, 20));
    if (!history.ok()) return history.status();
    EXPECT_EQ(history->sum, 9);
    EXPECT_EQ(history->sum_of_squares, 36 + 9);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace meso::inventory
