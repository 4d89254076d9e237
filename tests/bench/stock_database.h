// An inventory database filled through inventory's own operations, for benchmarks: one site, a
// recipe of three products with ample stock, a ledger of a chosen length, and reservations ready to
// be drawn.
#ifndef MESO_TESTS_BENCH_STOCK_DATABASE_H_
#define MESO_TESTS_BENCH_STOCK_DATABASE_H_

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

// Makes the file with `draws` reservations and at least `ledger_rows` movements, closed and
// checkpointed.
StockDatabase MakeStockDatabase(const std::string& file, int draws, int ledger_rows);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_STOCK_DATABASE_H_
