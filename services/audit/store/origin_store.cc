#include "services/audit/store/origin_store.h"

#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

StoredOrigin ToOrigin(const Row& row) { return {static_cast<uint64_t>(row.Int(0)), row.Text(1)}; }

}  // namespace

absl::StatusOr<std::vector<StoredOrigin>> ListOrigins(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT entry_index, origin FROM audit_origin ORDER BY entry_index", {}));
  std::vector<StoredOrigin> origins;
  for (const Row& row : rows) origins.push_back(ToOrigin(row));
  return origins;
}

absl::StatusOr<std::optional<StoredOrigin>> LoadNewestOrigin(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT entry_index, origin FROM audit_origin ORDER BY entry_index DESC LIMIT 1",
               {}));
  if (!row) return std::nullopt;
  return ToOrigin(*row);
}

absl::Status InsertOrigin(Transaction& tx, const StoredOrigin& origin) {
  return tx.Execute("INSERT INTO audit_origin (entry_index, origin) VALUES ($1, $2)",
                    {Int(origin.entry_index), origin.origin});
}

absl::Status InsertSourceGap(Transaction& tx, const StoredGap& gap) {
  return tx.Execute(
      "INSERT INTO audit_source_gap (source_id, first_sequence, last_sequence, opening_index) "
      "VALUES ($1, $2, $3, $4)",
      {gap.source_id, Int(gap.first), Int(gap.last), Int(gap.opening_index)});
}

absl::StatusOr<std::map<int64_t, std::vector<std::pair<uint64_t, uint64_t>>>> ListSourceGaps(
    Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT source_id, first_sequence, last_sequence "
                                 "FROM audit_source_gap ORDER BY source_id, first_sequence",
                                 {}));
  std::map<int64_t, std::vector<std::pair<uint64_t, uint64_t>>> gaps;
  for (const Row& row : rows) {
    gaps[row.Int(0)].emplace_back(static_cast<uint64_t>(row.Int(1)),
                                  static_cast<uint64_t>(row.Int(2)));
  }
  return gaps;
}

}  // namespace meso::audit
