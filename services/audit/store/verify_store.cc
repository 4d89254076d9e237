#include "services/audit/store/verify_store.h"

#include "common/base/status_macros.h"
#include "services/audit/store/key_index_store.h"

namespace meso::audit {
namespace {

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Unsigned(int64_t value) { return static_cast<uint64_t>(value); }

}  // namespace

absl::StatusOr<std::vector<std::pair<uint64_t, int64_t>>> ListSearchKeys(Transaction& tx,
                                                                         uint64_t segment) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT entry_index, key FROM audit_key WHERE segment = $1 "
                                 "ORDER BY entry_index, key",
                                 {Int(segment)}));
  std::vector<std::pair<uint64_t, int64_t>> keys;
  keys.reserve(rows.size());
  for (const Row& row : rows) keys.emplace_back(Unsigned(row.Int(0)), row.Int(1));
  return keys;
}

absl::StatusOr<std::vector<std::pair<uint64_t, uint64_t>>> ListSourcePlaces(Transaction& tx,
                                                                            int64_t source_id,
                                                                            uint64_t first,
                                                                            uint64_t last) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT sequence, entry_index FROM audit_source_entry WHERE source_id = $1 "
               "AND sequence >= $2 AND sequence <= $3 ORDER BY sequence",
               {source_id, Int(first), Int(last)}));
  std::vector<std::pair<uint64_t, uint64_t>> places;
  places.reserve(rows.size());
  for (const Row& row : rows) places.emplace_back(Unsigned(row.Int(0)), Unsigned(row.Int(1)));
  return places;
}

absl::StatusOr<std::optional<std::pair<int64_t, int64_t>>> LoadTimeSpan(Transaction& tx,
                                                                        uint64_t block) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT time_min_ns, time_max_ns FROM audit_time_block WHERE block = $1",
               {Int(block)}));
  if (!row) return std::nullopt;
  return std::make_pair(row->Int(0), row->Int(1));
}

absl::StatusOr<uint64_t> CountUpperRows(Transaction& tx, uint64_t begin) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT count(*) FROM audit_tree_upper WHERE entry_index >= $1", {Int(begin)}));
  return row ? Unsigned(row->Int(0)) : 0;
}

absl::StatusOr<std::vector<WholePage>> ListWholePages(Transaction& tx, int64_t run_id,
                                                      uint64_t number, int limit) {
  const int64_t first_page = run_id << 32;
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT page_id, first_key, hashes, body FROM audit_index_page "
               "WHERE page_id >= $1 AND page_id < $2 AND run_id = $3 ORDER BY page_id LIMIT $4",
               {first_page + Int(number), (run_id + 1) << 32, run_id, int64_t{limit}}));
  std::vector<WholePage> pages;
  pages.reserve(rows.size());
  for (const Row& row : rows) {
    pages.push_back({Unsigned(row.Int(0) - first_page), row.Bytes(1), row.Bytes(2), row.Bytes(3)});
  }
  return pages;
}

}  // namespace meso::audit
