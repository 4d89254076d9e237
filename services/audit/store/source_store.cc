#include "services/audit/store/source_store.h"

#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

// The state's columns from `at` on.
SourceState ToState(const Row& row, size_t at) {
  SourceState state;
  state.chain_hash = row.Bytes(at);
  state.last_time_ns = row.Int(at + 1);
  state.arrival_time_us = row.Int(at + 2);
  state.claimed_sequence = static_cast<uint64_t>(row.Int(at + 3));
  state.stopped = row.Int(at + 4) != 0;
  state.heartbeat_time_ns = row.Int(at + 5);
  state.heartbeat_interval_seconds = row.Int(at + 6);
  state.hash_mismatch = row.Int(at + 7) != 0;
  return state;
}

}  // namespace

absl::StatusOr<SourceState> LoadSourceState(Transaction& tx, int64_t source_id) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT chain_hash, last_time_ns, arrival_time_us, claimed_sequence, stopped, "
               "heartbeat_time_ns, heartbeat_interval_seconds, hash_mismatch "
               "FROM audit_source_state WHERE source_id = $1",
               {source_id}));
  return row ? ToState(*row, 0) : SourceState();
}

absl::Status SaveSourceState(Transaction& tx, int64_t source_id, const SourceState& state) {
  return tx.Execute(
      "INSERT INTO audit_source_state (source_id, chain_hash, last_time_ns, arrival_time_us, "
      "claimed_sequence, stopped, heartbeat_time_ns, heartbeat_interval_seconds, hash_mismatch) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (source_id) DO UPDATE SET "
      "chain_hash = excluded.chain_hash, last_time_ns = excluded.last_time_ns, "
      "arrival_time_us = excluded.arrival_time_us, claimed_sequence = excluded.claimed_sequence, "
      "stopped = excluded.stopped, heartbeat_time_ns = excluded.heartbeat_time_ns, "
      "heartbeat_interval_seconds = excluded.heartbeat_interval_seconds, "
      "hash_mismatch = excluded.hash_mismatch",
      {source_id, Blob{state.chain_hash}, state.last_time_ns, state.arrival_time_us,
       Int(state.claimed_sequence), int64_t{state.stopped}, state.heartbeat_time_ns,
       state.heartbeat_interval_seconds, int64_t{state.hash_mismatch}});
}

absl::StatusOr<std::vector<SourceRow>> ListSourceRows(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT s.source_id, s.name, s.epoch, s.last_sequence, t.chain_hash, "
               "t.last_time_ns, t.arrival_time_us, t.claimed_sequence, t.stopped, "
               "t.heartbeat_time_ns, t.heartbeat_interval_seconds, t.hash_mismatch "
               "FROM audit_source s LEFT JOIN audit_source_state t ON t.source_id = s.source_id "
               "ORDER BY s.name, s.source_id DESC",
               {}));
  std::vector<SourceRow> sources;
  sources.reserve(rows.size());
  for (const Row& row : rows) {
    SourceRow source{row.Int(0), row.Text(1), row.Text(2), static_cast<uint64_t>(row.Int(3)), {}};
    if (!row.IsNull(4)) source.state = ToState(row, 4);
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace meso::audit
