// The stocked chain with counts of its shelves, for tests of their life. Not thread-safe but for
// the calls themselves.
#ifndef MESO_TESTS_SERVICES_INVENTORY_STOCK_COUNT_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_STOCK_COUNT_FIXTURE_H_

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/stock_count_operations.h"
#include "services/inventory/store/product_use_store.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {

class StockCountTest : public InventoryFixture {
 protected:
  static CallContext As(const std::string& who) {
    CallContext call = Manager();
    call.caller.subject = who;
    return call;
  }
  absl::StatusOr<StockCount> Create(const CreateStockCountRequest& request) {
    return Run(counts_, &StockCountOperations::CreateStockCount, request);
  }
  StockCountName Opened() {
    const auto count = Create({kParis, "", {}, AbcClass::kUnspecified});
    EXPECT_TRUE(count.ok()) << count.status();
    return count->name;
  }
  absl::StatusOr<StockCount> Enter(const StockCountName& name, std::vector<CountedLine> lines,
                                   const std::string& who = "users/counter") {
    return Run(counts_, &StockCountOperations::RecordStockCount,
               RecordStockCountRequest{name, std::move(lines)}, As(who));
  }
  static CountedLine Found(const LotName& lot, int64_t ampoules, const std::string& reason = "",
                           const std::string& unit = kMainUnit) {
    return {"", lot, unit, ampoules, reason};
  }
  absl::StatusOr<StockCount> Post(const StockCountName& name, const std::string& who = "users/p",
                                  const std::string& etag = "") {
    return Run(counts_, &StockCountOperations::PostStockCount, PostStockCountRequest{name, etag},
               As(who));
  }
  void ExpectRefused(const absl::Status& status, absl::StatusCode code, const std::string& reason) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(ReasonOf(status), reason) << status;
    ExpectSoundLedger();
  }
  absl::Status DrawFree(int n, const LotName& lot, int64_t ampoules) {
    DrawRequest draw;
    draw.appointment = AppointmentOf(n);
    draw.items = {{"", lot, ampoules, FefoOverride::kDoctorDecision}};
    return Run(&InventoryOperations::DrawStock, draw).status();
  }
  void SetProduct(const std::string& code, const std::function<void(Product&)>& set,
                  std::vector<std::string> fields) {
    ProductChange change;
    change.product.name = ProductName("products/" + code);
    set(change.product);
    change.fields = std::move(fields);
    const auto changed = Run(&InventoryOperations::UpdateProduct, change);
    ASSERT_TRUE(changed.ok()) << changed.status();
  }
  void AddUnit(const std::string& code) {
    StorageUnitChange change;
    change.unit.name = StorageUnitNameOf(kParis, code);
    change.unit.display_name = code;
    change.unit.kind = StorageUnitKind::kRoom;
    change.allow_missing = true;
    ASSERT_TRUE(Run(&InventoryOperations::UpdateStorageUnit, change).ok());
  }
  static std::vector<std::string> Shelves(const absl::StatusOr<StockCount>& count) {
    std::vector<std::string> shelves;
    if (!count.ok()) return {count.status().ToString()};
    for (const CountLine& line : count->lines) {
      shelves.push_back(absl::StrCat(line.lot_number, "@", line.unit));
    }
    return shelves;
  }
  std::vector<Movement> LinesOf(const StockCountName& name) {
    SitePageQuery query;
    query.page.size = 500;
    std::vector<Movement> lines;
    const auto page = Run(&InventoryOperations::ListMovements, query);
    for (const Movement& line : page->items) {
      if (line.subject == name.value()) lines.push_back(line);
    }
    return lines;
  }

  const StockCountOperations counts_{operations_.use_case()};
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_STOCK_COUNT_FIXTURE_H_
