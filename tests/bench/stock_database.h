// An inventory database filled through inventory's own operations, for benchmarks: one site, a
// recipe of three products with ample stock, a ledger of a chosen length, and reservations ready to
// be drawn.
#ifndef MESO_TESTS_BENCH_STOCK_DATABASE_H_
#define MESO_TESTS_BENCH_STOCK_DATABASE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "services/inventory/inventory_operations.h"

namespace meso {

struct PreparedDraw {
  std::string appointment;
  std::string reservation;
};

struct StockDatabase {
  std::string file;
  std::string cocktail;
  std::vector<PreparedDraw> draws;
};

// The parts a filled database is made of, for other scenarios. `on_group` is told how long each
// group held the writer.
std::unique_ptr<Database> OpenForBench(const std::string& file, const Clock& clock,
                                       std::function<void(int, double)> on_group = nullptr);
// Runs `count` closures through the group commit, a few hundred at a time, and waits for all.
void RunMany(Database& database, int count,
             const std::function<absl::Status(Transaction&, int)>& work);
// Three products and a published recipe of them, at sites/par-1; returns the recipe's name.
std::string LoadRecipe(Database& database, const inventory::InventoryOperations& operations,
                       const CallContext& call);

// Makes the file with `draws` reservations and at least `ledger_rows` movements, closed and
// checkpointed.
StockDatabase MakeStockDatabase(const std::string& file, int draws, int ledger_rows);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_STOCK_DATABASE_H_
