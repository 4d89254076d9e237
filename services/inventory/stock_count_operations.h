// The use cases about stock counts: one function, one transaction each.
//
// A count lists shelves; each is compared with the books of the moment it was counted, so sessions
// go on meanwhile, and posting books the differences, not the counted numbers; a difference that
// may be in the books already is refused, to be counted again. Reads answer for the caller's sites
// only. Thread-safe.
#ifndef MESO_SERVICES_INVENTORY_STOCK_COUNT_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_STOCK_COUNT_OPERATIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/database/database.h"
#include "services/inventory/domain/stock_count.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct CreateStockCountRequest {
  SiteName site;
  std::string unit;                   // empty = all
  std::vector<ProductName> products;  // empty = all
  AbcClass abc_class = AbcClass::kUnspecified;
};
struct CountedLine {
  std::string scan;
  LotName lot;
  std::string unit;
  int64_t ampoules = 0;
  std::string reason;
};
struct RecordStockCountRequest {
  StockCountName name;
  std::vector<CountedLine> lines;
};
struct PostStockCountRequest {
  StockCountName name;
  std::string etag;
};

class StockCountOperations {
 public:
  explicit StockCountOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  // Errors as listed at each RPC in inventory_service.proto, here and below.
  absl::StatusOr<StockCount> CreateStockCount(Transaction& tx, const CallContext& call,
                                              const CreateStockCountRequest& request) const;
  absl::StatusOr<StockCount> RecordStockCount(Transaction& tx, const CallContext& call,
                                              const RecordStockCountRequest& request) const;
  absl::StatusOr<StockCount> PostStockCount(Transaction& tx, const CallContext& call,
                                            const PostStockCountRequest& request) const;
  absl::StatusOr<StockCount> CancelStockCount(Transaction& tx, const CallContext& call,
                                              const StockCountName& name) const;
  absl::StatusOr<StockCount> GetStockCount(Transaction& tx, const CallContext& call,
                                           const StockCountName& name) const;
  absl::StatusOr<Page<StockCount>> ListStockCounts(Transaction& tx, const CallContext& call,
                                                   const SitePageQuery& query) const;

 private:
  UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STOCK_COUNT_OPERATIONS_H_
