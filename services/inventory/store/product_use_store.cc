#include "services/inventory/store/product_use_store.h"

#include "common/base/status_macros.h"

namespace meso::inventory {

absl::StatusOr<std::vector<YearlyUse>> ListProductUse(Transaction& tx, const SiteName& site,
                                                      absl::Time since) {
  // Summed by lot first, along the index alone: lots are few, lines are many.
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("WITH used (lot, ampoules) AS (SELECT m.lot, sum(m.ampoules) FROM movement m "
               "WHERE m.site = $1 AND m.record_time_us >= $2 AND "
               "(m.kind IN (3, 8, 14) OR (m.kind = 4 AND m.from_account IN (0, 5))) "
               "GROUP BY m.lot) "
               "SELECT l.product, sum(u.ampoules), max(p.unit_cost_cents) FROM used u "
               "JOIN lot l ON l.id = u.lot JOIN product p ON p.name = l.product "
               "GROUP BY l.product ORDER BY l.product",
               {site.value(), TimeValue(since)}));
  std::vector<YearlyUse> uses;
  for (const Row& row : rows) uses.push_back({ProductName(row.Text(0)), row.Int(1), row.Int(2)});
  return uses;
}

}  // namespace meso::inventory
