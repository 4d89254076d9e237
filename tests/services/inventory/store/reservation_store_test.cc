#include "services/inventory/store/reservation_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "generated/inventory_migrations.h"
#include "tests/support/listening_transaction.h"
#include "tests/support/temp_database.h"

namespace meso::inventory {
namespace {

absl::Status Insert(TempDatabase& database, int id, const std::string& state) {
  return database->Transact([&](Transaction& tx) {
    return tx.Execute(
        "INSERT INTO reservation VALUES ($1, $2, 'sites/par-1', 'cocktails/c/revisions/r1', "
        "'sites/par-1/appointments/1', 10, '2026-12-01', $3, 1, 20, 5, '', 1)",
        {int64_t{id}, absl::StrCat("reservations/", id), state});
  });
}

// Every call that touches stock asks for these first.
TEST(ReservationStoreTest, WhatLapsesIsFoundByItsIndex) {
  TempDatabase database("inventory", InventoryMigrations());
  int id = 0;
  for (const char* state :
       {"PROMISED", "RESERVED", "CONFIRMED", "INVALIDATED", "DRAWN", "RELEASED", "EXPIRED"}) {
    ASSERT_TRUE(Insert(database, ++id, state).ok()) << state;
  }
  const absl::Status status = database->Transact([&](Transaction& tx) -> absl::Status {
    ListeningTransaction listening(tx);
    const auto lapsed = ListLapsed(listening, SiteName("sites/par-1"), ToTime(30), 10);
    if (!lapsed.ok()) return lapsed.status();
    EXPECT_EQ(lapsed->size(), 4u) << "of the seven, those that hold something";
    const auto none = ListLapsed(tx, SiteName("sites/par-1"), ToTime(19), 10);
    EXPECT_TRUE(none.ok() && none->empty());
    const auto plan =
        tx.Query(Sql::Dynamic(absl::StrCat("EXPLAIN QUERY PLAN ", listening.heard().front())),
                 {std::string("sites/par-1"), int64_t{30}, int64_t{10}});
    if (!plan.ok()) return plan.status();
    EXPECT_THAT(plan->front().Text(3),
                testing::HasSubstr("reservation_by_lapse (site=? AND expire_time_us<?)"));
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ReservationStoreTest, ReservationsOfBeforeAreKeptWithTheirAllocations) {
  const std::vector<Migration> all = InventoryMigrations();
  std::vector<Migration> before;
  for (const Migration& migration : all) {
    if (migration.name == "0013_reservation_states") break;
    before.push_back(migration);
  }
  ASSERT_EQ(before.size(), 12u);
  TempDatabase database("inventory", before);
  const auto run = [&](const char* sql) {
    return database->Transact([&](Transaction& tx) { return tx.Execute(sql, {}); });
  };
  ASSERT_TRUE(run("INSERT INTO product (name, display_name, gtin, category, composition, "
                  "container_kind, unit_microlitres, units_per_pack, temperature_min_decidegrees, "
                  "temperature_max_decidegrees, protect_from_light, after_opening_us, "
                  "min_remaining_life_days, emergency_kit_par, revision, update_time_us) VALUES "
                  "('products/A', 'A', '1', '', x'', 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0)")
                  .ok());
  ASSERT_TRUE(
      run("INSERT INTO lot VALUES (1, 'lots/1', 'products/A', 'L1', '2027-01-01', 2, 0, 0, 1, 0)")
          .ok());
  ASSERT_TRUE(Insert(database, 7, "CONFIRMED").ok());
  ASSERT_TRUE(run("INSERT INTO allocation VALUES (7, 1, 'main', 3, 1)").ok());
  ASSERT_TRUE(Migrate(*database, "inventory", all, database.ids()).ok());
  const absl::Status status = database->Read([&](Transaction& tx) -> absl::Status {
    const auto held = ListReservationsOnLot(tx, 1, SiteName("sites/par-1"));
    if (!held.ok()) return held.status();
    EXPECT_EQ(held->size(), 1u);
    const auto rows = tx.Query(
        "SELECT name, state, ampoules, drawn FROM allocation JOIN reservation ON id = reservation",
        {});
    if (!rows.ok()) return rows.status();
    EXPECT_EQ(rows->size(), 1u);
    EXPECT_EQ(rows->front().Text(0), "reservations/7");
    EXPECT_EQ(rows->front().Text(1), "CONFIRMED");
    EXPECT_EQ(rows->front().Int(2), 3);
    EXPECT_EQ(rows->front().Int(3), 1);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  const auto refused = [](const std::string& constraint) {
    return "a constraint nobody expected refused a write: " + constraint;
  };
  EXPECT_EQ(run("DELETE FROM reservation").message(), refused("a foreign key"));
  EXPECT_EQ(run("INSERT INTO allocation VALUES (8, 1, 'main', 3, 1)").message(),
            refused("a foreign key"));
  EXPECT_EQ(Insert(database, 9, "LOST").message(), refused("reservation_state_is_known"));
  EXPECT_TRUE(Insert(database, 9, "PROMISED").ok());
}

}  // namespace
}  // namespace meso::inventory
