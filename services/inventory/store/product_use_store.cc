#include "services/inventory/store/product_use_store.h"

#include "common/base/status_macros.h"
#include "services/inventory/domain/calendar.h"

namespace meso::inventory {

absl::StatusOr<std::vector<YearlyUse>> ListProductUse(Transaction& tx, const SiteName& site,
                                                      absl::CivilDay since) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT u.product, sum(u.ampoules), max(p.unit_cost_cents) FROM daily_use u "
               "JOIN product p ON p.name = u.product WHERE u.site = $1 AND u.day >= $2 "
               "GROUP BY u.product HAVING sum(u.ampoules) > 0 ORDER BY u.product",
               {site.value(), FormatDate(since)}));
  std::vector<YearlyUse> uses;
  for (const Row& row : rows) uses.push_back({ProductName(row.Text(0)), row.Int(1), row.Int(2)});
  return uses;
}

}  // namespace meso::inventory
