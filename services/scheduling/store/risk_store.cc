#include "services/scheduling/store/risk_store.h"

#include "common/base/status_macros.h"

namespace meso::scheduling {

absl::Status SaveInvalidation(Transaction& tx, const Invalidation& fact) {
  return tx.Execute(
      "INSERT INTO invalidation (object, cause, source, epoch, sequence, reason, site)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (object, cause) DO UPDATE SET"
      " source = excluded.source, epoch = excluded.epoch, sequence = excluded.sequence,"
      " reason = excluded.reason, site = excluded.site"
      // Re-checks run out of order: an older fact must not hide that a newer one is known.
      " WHERE invalidation.epoch <> excluded.epoch OR invalidation.sequence < excluded.sequence",
      {fact.object, fact.cause, fact.at.source, fact.at.epoch, fact.at.sequence, fact.reason,
       fact.site});
}

absl::Status HealInvalidation(Transaction& tx, const std::string& object,
                              const std::string& cause) {
  if (cause.empty()) return tx.Execute("DELETE FROM invalidation WHERE object = $1", {object});
  return tx.Execute("DELETE FROM invalidation WHERE object = $1 AND cause = $2", {object, cause});
}

absl::StatusOr<std::vector<Invalidation>> ListInvalidations(Transaction& tx,
                                                            const std::vector<std::string>& objects,
                                                            const SiteName& site,
                                                            const Position& as_of) {
  std::vector<std::pair<Sql, Values>> reads;
  for (const std::string& object : objects) {
    reads.emplace_back(
        "SELECT object, cause, source, epoch, sequence, reason, site FROM invalidation"
        " WHERE object = $1 AND (site = '' OR site = $2)",
        Values{object, site.value()});
  }
  std::vector<Invalidation> found;
  if (reads.empty()) return found;
  MESO_ASSIGN_OR_RETURN(const std::vector<Rows> answers, tx.QueryAll(std::move(reads)));
  for (const Rows& rows : answers) {
    for (const Row& row : rows) {
      if (!IsNewer(row.Text(3), row.Int(4), as_of)) continue;
      found.push_back({row.Text(0),
                       row.Text(1),
                       {row.Text(2), row.Text(3), row.Int(4)},
                       row.Text(5),
                       row.Text(6)});
    }
  }
  return found;
}

}  // namespace meso::scheduling
