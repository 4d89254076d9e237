#include "services/audit/store/checkpoint_store.h"

#include <algorithm>
#include <map>

#include "common/base/status_macros.h"
#include "services/audit/domain/checkpoint.h"

namespace meso::audit {
namespace {

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

StoredCheckpoint ToCheckpoint(const Row& row) {
  return {static_cast<uint64_t>(row.Int(0)), row.Text(1), row.Time(2)};
}

// The checkpoints of the rows (in either order), each note with its cosignatures.
absl::StatusOr<std::vector<StoredCheckpoint>> WithCosignatures(Transaction& tx, const Rows& rows) {
  std::vector<StoredCheckpoint> checkpoints;
  if (rows.empty()) return checkpoints;
  std::map<uint64_t, size_t> places;
  for (const Row& row : rows) {
    places[static_cast<uint64_t>(row.Int(0))] = checkpoints.size();
    checkpoints.push_back(ToCheckpoint(row));
  }
  MESO_ASSIGN_OR_RETURN(
      const Rows lines,
      tx.Query("SELECT tree_size, line FROM audit_cosignature "
               "WHERE tree_size >= $1 AND tree_size <= $2 ORDER BY tree_size, witness",
               {Int(places.begin()->first), Int(places.rbegin()->first)}));
  for (const Row& line : lines) {
    const auto place = places.find(static_cast<uint64_t>(line.Int(0)));
    if (place == places.end()) continue;
    std::string& note = checkpoints[place->second].note;
    note = AddSignatureLine(note, line.Text(1));
  }
  return checkpoints;
}

absl::StatusOr<std::optional<StoredCheckpoint>> OneOf(
    absl::StatusOr<std::vector<StoredCheckpoint>> checkpoints) {
  MESO_RETURN_IF_ERROR(checkpoints.status());
  if (checkpoints->empty()) return std::nullopt;
  return std::move(checkpoints->front());
}

}  // namespace

absl::StatusOr<std::vector<StoredCheckpoint>> ListCheckpoints(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT tree_size, note, sign_time_us FROM audit_checkpoint ORDER BY tree_size",
               {}));
  return WithCosignatures(tx, rows);
}

absl::StatusOr<std::vector<StoredCheckpoint>> ListCheckpointsDown(Transaction& tx, uint64_t below,
                                                                  int limit) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT tree_size, note, sign_time_us FROM audit_checkpoint "
                                 "WHERE tree_size < $1 ORDER BY tree_size DESC LIMIT $2",
                                 {Int(below), int64_t{limit}}));
  return WithCosignatures(tx, rows);
}

absl::StatusOr<std::optional<StoredCheckpoint>> LoadNewestCheckpoint(Transaction& tx) {
  return OneOf(ListCheckpointsDown(tx, INT64_MAX, 1));
}

absl::StatusOr<std::optional<StoredCheckpoint>> LoadCheckpoint(Transaction& tx,
                                                               uint64_t tree_size) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT tree_size, note, sign_time_us FROM audit_checkpoint WHERE tree_size = $1",
               {Int(tree_size)}));
  return OneOf(WithCosignatures(tx, rows));
}

absl::Status InsertCheckpoint(Transaction& tx, const StoredCheckpoint& checkpoint) {
  return tx.Execute(
      "INSERT INTO audit_checkpoint (tree_size, note, sign_time_us) VALUES ($1, $2, $3)",
      {Int(checkpoint.tree_size), checkpoint.note, TimeValue(checkpoint.sign_time)});
}

absl::Status DeleteCheckpoint(Transaction& tx, uint64_t tree_size) {
  MESO_RETURN_IF_ERROR(
      tx.Execute("DELETE FROM audit_cosignature WHERE tree_size = $1", {Int(tree_size)}));
  return tx.Execute("DELETE FROM audit_checkpoint WHERE tree_size = $1", {Int(tree_size)});
}

absl::StatusOr<std::vector<KeptCheckpoint>> ListNewestKept(Transaction& tx, int limit) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT tree_size, sign_time_us FROM audit_checkpoint "
                                 "ORDER BY tree_size DESC LIMIT $1",
                                 {int64_t{limit}}));
  std::vector<KeptCheckpoint> kept;
  for (const Row& row : rows) kept.push_back({static_cast<uint64_t>(row.Int(0)), row.Time(1), {}});
  std::reverse(kept.begin(), kept.end());
  if (kept.empty()) return kept;
  MESO_ASSIGN_OR_RETURN(const Rows witnesses,
                        tx.Query("SELECT tree_size, witness FROM audit_cosignature "
                                 "WHERE tree_size >= $1 ORDER BY tree_size",
                                 {Int(kept.front().size)}));
  for (const Row& row : witnesses) {
    const auto place = std::lower_bound(
        kept.begin(), kept.end(), static_cast<uint64_t>(row.Int(0)),
        [](const KeptCheckpoint& checkpoint, uint64_t size) { return checkpoint.size < size; });
    if (place != kept.end() && Int(place->size) == row.Int(0)) {
      place->witnesses.push_back(row.Text(1));
    }
  }
  return kept;
}

absl::StatusOr<bool> HasCosigned(Transaction& tx, uint64_t tree_size, const std::string& witness) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT 1 FROM audit_cosignature WHERE tree_size = $1 AND witness = $2",
               {Int(tree_size), witness}));
  return row.has_value();
}

absl::Status InsertCosignature(Transaction& tx, const StoredCosignature& cosignature) {
  return tx.Execute(
      "INSERT INTO audit_cosignature (tree_size, witness, line, add_time_us) "
      "VALUES ($1, $2, $3, $4)",
      {Int(cosignature.tree_size), cosignature.witness, cosignature.line,
       TimeValue(cosignature.add_time)});
}

}  // namespace meso::audit
