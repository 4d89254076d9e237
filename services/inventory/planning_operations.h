// Looking ahead: what a site can promise, what it should order, what will expire on it.
//
// All but UpdateParLevel only read. Lists answer for the caller's sites only. Thread-safe; errors
// as listed at each RPC in inventory_service.proto.
#ifndef MESO_SERVICES_INVENTORY_PLANNING_OPERATIONS_H_
#define MESO_SERVICES_INVENTORY_PLANNING_OPERATIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/inventory/domain/planning.h"
#include "services/inventory/domain/stock_promise.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

struct PromiseRequest {
  SiteName site;
  CocktailRevisionName cocktail;
  absl::Time use_time;
  int64_t sessions = 1;
};
struct StockPromise {
  bool possible = false;
  std::vector<PromisedProduct> products;
  absl::CivilDay use_date;
  std::vector<std::string> reasons;
  EventPosition as_of;
};

struct ExpiringQuery {
  SitePageQuery list;
  int64_t within_days = 90;
};
// Units that booked sessions of a site could use.
struct ExpiringOffer {
  SiteName site;
  int64_t ampoules = 0;
};
struct ExpiringLine {
  AgeingShelf ageing;
  Projection projection;
  std::vector<ExpiringOffer> offers;
};

class PlanningOperations {
 public:
  explicit PlanningOperations(UseCase use_case) : use_case_(std::move(use_case)) {}

  absl::StatusOr<StockPromise> PromiseStock(Transaction& tx, const CallContext& call,
                                            const PromiseRequest& request) const;
  absl::StatusOr<ParLevel> UpdateParLevel(Transaction& tx, const CallContext& call,
                                          const ParLevelChange& change) const;
  absl::StatusOr<Page<ParLevel>> ListParLevels(Transaction& tx, const CallContext& call,
                                               const SitePageQuery& query) const;
  // Filter fields: product.
  absl::StatusOr<Page<ProductLevel>> ListProductLevels(Transaction& tx, const CallContext& call,
                                                       const SitePageQuery& query) const;
  // Filter fields: product, due.
  absl::StatusOr<Page<ReorderSuggestion>> ListReorderSuggestions(Transaction& tx,
                                                                 const CallContext& call,
                                                                 const SitePageQuery& query) const;
  // Filter fields: product, waste.
  absl::StatusOr<Page<ExpiringLine>> ListExpiring(Transaction& tx, const CallContext& call,
                                                  const ExpiringQuery& query) const;

 private:
  const UseCase use_case_;
};

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_PLANNING_OPERATIONS_H_
