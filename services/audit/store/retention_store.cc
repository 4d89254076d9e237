#include "services/audit/store/retention_store.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"

namespace meso::audit {
namespace {

constexpr absl::string_view kHoldPrefix = "legalHolds/";
constexpr absl::string_view kErasurePrefix = "erasures/";
constexpr absl::string_view kHoldColumns =
    "hold_id, filter, reason, creator, create_time_us, lift_requester, lifter, lift_time_us, "
    "hold_number";
constexpr absl::string_view kErasureColumns =
    "erasure_id, pseudonym, generation, erased_payloads, tree_size, key_fingerprint, ground, "
    "eraser, erase_time_us";

std::string IdOf(absl::string_view name, absl::string_view prefix) {
  return std::string(absl::StripPrefix(name, prefix));
}

LegalHold ToHold(const Row& row) {
  LegalHold hold;
  hold.name = absl::StrCat(kHoldPrefix, row.Text(0));
  hold.filter = row.Text(1);
  hold.reason = row.Text(2);
  hold.creator = row.Text(3);
  hold.create_time = row.Time(4);
  hold.lift_requester = row.Text(5);
  hold.lifter = row.Text(6);
  if (!row.IsNull(7)) hold.lift_time = row.Time(7);
  return hold;
}

Value LiftTimeValue(const LegalHold& hold) {
  return hold.lift_time ? TimeValue(*hold.lift_time) : Value(std::monostate());
}

Erasure ToErasure(const Row& row) {
  Erasure erasure;
  erasure.name = absl::StrCat(kErasurePrefix, row.Text(0));
  erasure.pseudonym = row.Text(1);
  erasure.generation = static_cast<uint64_t>(row.Int(2));
  erasure.erased_payloads = row.Int(3);
  erasure.tree_size = static_cast<uint64_t>(row.Int(4));
  erasure.key_fingerprint = row.Bytes(5);
  erasure.ground = row.Text(6);
  erasure.eraser = row.Text(7);
  erasure.erase_time = row.Time(8);
  return erasure;
}

absl::StatusOr<std::vector<LegalHold>> QueryHolds(Transaction& tx, absl::string_view where) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat("SELECT ", kHoldColumns, " FROM audit_legal_hold WHERE ",
                                         where, " ORDER BY hold_number")),
               {}));
  std::vector<LegalHold> holds;
  for (const Row& row : rows) holds.push_back(ToHold(row));
  return holds;
}

const std::map<std::string, FilterColumn>& HoldFilterColumns() {
  static const auto* columns = new std::map<std::string, FilterColumn>{
      {"state",
       {"(CASE WHEN lift_time_us IS NOT NULL THEN 'LIFTED' WHEN lift_requester <> '' THEN "
        "'LIFT_REQUESTED' ELSE 'ACTIVE' END)",
        FilterType::kText,
        {"ACTIVE", "LIFT_REQUESTED", "LIFTED"}}},
      {"creator", {"creator", FilterType::kText, {}}}};
  return *columns;
}

}  // namespace

absl::Status InsertHold(Transaction& tx, const LegalHold& hold) {
  return tx.Execute(
      "INSERT INTO audit_legal_hold (hold_id, filter, reason, creator, create_time_us, "
      "lift_requester, lifter, lift_time_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {IdOf(hold.name, kHoldPrefix), hold.filter, hold.reason, hold.creator,
       TimeValue(hold.create_time), hold.lift_requester, hold.lifter, LiftTimeValue(hold)});
}

absl::StatusOr<std::optional<LegalHold>> LoadHold(Transaction& tx, const std::string& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               Sql::Dynamic(absl::StrCat("SELECT ", kHoldColumns,
                                         " FROM audit_legal_hold WHERE hold_id = $1")),
               {IdOf(name, kHoldPrefix)}));
  if (!row) return std::nullopt;
  return ToHold(*row);
}

absl::Status SaveHoldLift(Transaction& tx, const LegalHold& hold) {
  return tx.Execute(
      "UPDATE audit_legal_hold SET lift_requester = $1, lifter = $2, lift_time_us = $3 "
      "WHERE hold_id = $4",
      {hold.lift_requester, hold.lifter, LiftTimeValue(hold), IdOf(hold.name, kHoldPrefix)});
}

absl::StatusOr<std::vector<LegalHold>> ListActiveHolds(Transaction& tx) {
  return QueryHolds(tx, "lift_time_us IS NULL");
}

absl::StatusOr<std::vector<LegalHold>> ListAllHolds(Transaction& tx) {
  return QueryHolds(tx, "hold_number > 0");
}

absl::StatusOr<std::vector<std::pair<int64_t, LegalHold>>> ListHolds(Transaction& tx,
                                                                     const RowQuery& query) {
  MESO_ASSIGN_OR_RETURN(const FilterNode parsed, ParseFilter(query.filter, {"state", "creator"}));
  MESO_ASSIGN_OR_RETURN(const FilterSql where, CompileFilter(parsed, HoldFilterColumns(), 3));
  Values args = {query.before_row == 0 ? INT64_MAX : query.before_row, int64_t{query.limit}};
  args.insert(args.end(), where.args.begin(), where.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat("SELECT ", kHoldColumns,
                                         " FROM audit_legal_hold WHERE hold_number < $1 AND ",
                                         where.where, " ORDER BY hold_number DESC LIMIT $2")),
               std::move(args)));
  std::vector<std::pair<int64_t, LegalHold>> holds;
  for (const Row& row : rows) holds.emplace_back(row.Int(8), ToHold(row));
  return holds;
}

absl::Status InsertErasure(Transaction& tx, const Erasure& erasure, bool restored) {
  return tx.Execute(
      "INSERT INTO audit_erasure (erasure_id, pseudonym, generation, erased_payloads, tree_size, "
      "key_fingerprint, ground, eraser, erase_time_us, restored) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {IdOf(erasure.name, kErasurePrefix), erasure.pseudonym,
       static_cast<int64_t>(erasure.generation), erasure.erased_payloads,
       static_cast<int64_t>(erasure.tree_size), Blob{erasure.key_fingerprint}, erasure.ground,
       erasure.eraser, TimeValue(erasure.erase_time), int64_t{restored}});
}

absl::StatusOr<std::optional<Erasure>> LoadErasure(Transaction& tx, const std::string& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               Sql::Dynamic(absl::StrCat("SELECT ", kErasureColumns,
                                         " FROM audit_erasure WHERE erasure_id = $1")),
               {IdOf(name, kErasurePrefix)}));
  if (!row) return std::nullopt;
  return ToErasure(*row);
}

absl::StatusOr<std::vector<Erasure>> ListErasures(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat("SELECT ", kErasureColumns,
                                         " FROM audit_erasure ORDER BY erase_time_us, erasure_id")),
               {}));
  std::vector<Erasure> erasures;
  for (const Row& row : rows) erasures.push_back(ToErasure(row));
  return erasures;
}

absl::StatusOr<uint64_t> LoadPrunePosition(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, "SELECT next_index FROM audit_prune WHERE one = 1", {}));
  return row ? static_cast<uint64_t>(row->Int(0)) : 0;
}

absl::Status SavePrunePosition(Transaction& tx, uint64_t next_index, absl::Time now) {
  return tx.Execute(
      "INSERT INTO audit_prune (one, next_index, round_time_us) VALUES (1, $1, $2) "
      "ON CONFLICT (one) DO UPDATE SET next_index = excluded.next_index, "
      "round_time_us = excluded.round_time_us",
      {static_cast<int64_t>(next_index), TimeValue(now)});
}

absl::StatusOr<std::optional<uint64_t>> NextOldTimeBlock(Transaction& tx, uint64_t block,
                                                         int64_t newest_ns) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT block FROM audit_time_block WHERE block >= $1 AND "
                                 "time_min_ns <= $2 ORDER BY block LIMIT 1",
                                 {static_cast<int64_t>(block), newest_ns}));
  if (rows.empty()) return std::nullopt;
  return static_cast<uint64_t>(rows.front().Int(0));
}

}  // namespace meso::audit
