#include "services/audit/store/assertion_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/filter.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"

namespace meso::audit {
namespace {

StoredViolation ToViolation(const Row& row) {
  StoredViolation violation;
  violation.name = row.Text(0);
  violation.assertion = row.Text(1);
  violation.version = static_cast<int>(row.Int(2));
  violation.entry = static_cast<uint64_t>(row.Int(3));
  for (const absl::string_view text : absl::StrSplit(row.Text(4), ',', absl::SkipEmpty())) {
    uint64_t index = 0;
    if (absl::SimpleAtoi(text, &index)) violation.related.push_back(index);
  }
  violation.site = row.Text(5);
  violation.actor = row.Text(6);
  violation.explanation = row.Text(7);
  violation.entry_time = row.Time(8);
  violation.find_time = row.Time(9);
  return violation;
}

// "AND site IN ($3, ...)" with its parameters; empty for all sites.
std::string SiteCondition(const std::optional<std::set<std::string>>& sites, Values& args) {
  if (!sites) return "";
  std::vector<std::string> parameters;
  for (const std::string& site : *sites) {
    args.push_back(site);
    parameters.push_back(absl::StrCat("$", args.size()));
  }
  if (parameters.empty()) return " AND 0";
  return absl::StrCat(" AND site IN (", absl::StrJoin(parameters, ", "), ")");
}

}  // namespace

absl::StatusOr<std::map<std::string, AssertionProgress>> LoadProgress(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT code, version, evaluated_size FROM audit_assertion", {}));
  std::map<std::string, AssertionProgress> progress;
  for (const Row& row : rows) {
    progress[row.Text(0)] = {static_cast<int>(row.Int(1)), static_cast<uint64_t>(row.Int(2))};
  }
  return progress;
}

absl::Status SaveProgress(Transaction& tx, const std::string& code,
                          const AssertionProgress& progress) {
  return tx.Execute(
      "INSERT INTO audit_assertion (code, version, evaluated_size) VALUES ($1, $2, $3) "
      "ON CONFLICT (code) DO UPDATE SET version = excluded.version, "
      "evaluated_size = excluded.evaluated_size",
      {code, int64_t{progress.version}, static_cast<int64_t>(progress.evaluated_size)});
}

absl::Status InsertWait(Transaction& tx, const AssertionWait& wait) {
  return tx.Execute(
      "INSERT INTO audit_assertion_wait (code, entry_index, due_us) VALUES ($1, $2, $3) "
      "ON CONFLICT (code, entry_index) DO NOTHING",
      {wait.code, static_cast<int64_t>(wait.entry), TimeValue(wait.due_time)});
}

absl::Status DeleteWait(Transaction& tx, const std::string& code, uint64_t entry) {
  return tx.Execute("DELETE FROM audit_assertion_wait WHERE code = $1 AND entry_index = $2",
                    {code, static_cast<int64_t>(entry)});
}

absl::Status DeleteWaits(Transaction& tx, const std::string& code) {
  return tx.Execute("DELETE FROM audit_assertion_wait WHERE code = $1", {code});
}

absl::StatusOr<std::vector<AssertionWait>> ListDueWaits(Transaction& tx, absl::Time now,
                                                        int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT code, entry_index, due_us FROM audit_assertion_wait WHERE due_us <= $1 "
               "ORDER BY due_us LIMIT $2",
               {TimeValue(now), int64_t{limit}}));
  std::vector<AssertionWait> waits;
  for (const Row& row : rows) {
    waits.push_back({row.Text(0), static_cast<uint64_t>(row.Int(1)), row.Time(2)});
  }
  return waits;
}

absl::StatusOr<std::optional<absl::Time>> NextDueTime(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT due_us FROM audit_assertion_wait ORDER BY due_us LIMIT 1", {}));
  if (!row) return std::nullopt;
  return row->Time(0);
}

absl::StatusOr<bool> InsertViolation(Transaction& tx, const StoredViolation& violation) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("INSERT INTO audit_violation (name, assertion, version, entry_index, related, site, "
               "actor, explanation, entry_us, find_us) "
               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
               "ON CONFLICT (assertion, version, entry_index) DO NOTHING RETURNING row",
               {violation.name, violation.assertion, int64_t{violation.version},
                static_cast<int64_t>(violation.entry), absl::StrJoin(violation.related, ","),
                violation.site, violation.actor, violation.explanation,
                TimeValue(violation.entry_time), TimeValue(violation.find_time)}));
  return !rows.empty();
}

absl::StatusOr<std::map<std::pair<std::string, int>, int64_t>> CountViolations(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(
          "SELECT assertion, version, count(*) FROM audit_violation GROUP BY assertion, version",
          {}));
  std::map<std::pair<std::string, int>, int64_t> counts;
  for (const Row& row : rows) {
    counts[{row.Text(0), static_cast<int>(row.Int(1))}] = row.Int(2);
  }
  return counts;
}

absl::StatusOr<std::vector<std::pair<int64_t, StoredViolation>>> ListViolations(
    Transaction& tx, const RowQuery& query, const std::optional<std::set<std::string>>& sites) {
  const std::map<std::string, FilterColumn> columns = {
      {"assertion", {"('assertions/' || assertion)", FilterType::kText, {}}},
      {"site", {"site", FilterType::kText, {}}},
      {"actor", {"actor", FilterType::kText, {}}},
      {"entry_time", {"entry_us", FilterType::kTime, {}}}};
  std::vector<std::string> fields;
  for (const auto& [field, column] : columns) fields.push_back(field);
  MESO_ASSIGN_OR_RETURN(const FilterNode parsed, ParseFilter(query.filter, fields));
  Values args = {query.before_row, int64_t{query.limit}};
  const std::string at = SiteCondition(sites, args);
  MESO_ASSIGN_OR_RETURN(FilterSql filter,
                        CompileFilter(parsed, columns, static_cast<int>(args.size()) + 1));
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat(
                   "SELECT name, assertion, version, entry_index, related, site, actor, "
                   "explanation, entry_us, find_us, row FROM audit_violation "
                   "WHERE ($1 = 0 OR row < $1) AND $2 > 0",
                   at, " AND ", filter.where, " ORDER BY row DESC LIMIT $2")),
               std::move(args)));
  std::vector<std::pair<int64_t, StoredViolation>> violations;
  for (const Row& row : rows) violations.emplace_back(row.Int(10), ToViolation(row));
  return violations;
}

}  // namespace meso::audit
