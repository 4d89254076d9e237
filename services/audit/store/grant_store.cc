#include "services/audit/store/grant_store.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"

namespace meso::audit {
namespace {

constexpr char kGrantColumns[] =
    "name, subject, scope, purpose, payloads, start_us, expire_us, creator, create_us, revoke_us";
constexpr char kAccessColumns[] =
    "name, subject, pseudonym, justification, create_us, expire_us, review, reviewer, review_us, "
    "review_note";
// StateOf (domain/grant.h) in SQL; $1 is now.
constexpr char kGrantState[] =
    "(CASE WHEN revoke_us < 9223372036854775807 THEN 'REVOKED' WHEN expire_us <= $1 THEN 'EXPIRED' "
    "WHEN start_us > $1 THEN 'PENDING' ELSE 'ACTIVE' END)";
constexpr char kReviewState[] =
    "(CASE review WHEN 0 THEN 'NONE' WHEN 1 THEN 'JUSTIFIED' ELSE 'UNJUSTIFIED' END)";

AuditorGrant ToGrant(const Row& row) {
  AuditorGrant grant;
  grant.name = row.Text(0);
  grant.subject = row.Text(1);
  grant.scope = row.Text(2);
  grant.purpose = row.Text(3);
  grant.payloads = row.Bool(4);
  grant.start_time = row.Time(5);
  grant.expire_time = row.Time(6);
  grant.creator = row.Text(7);
  grant.create_time = row.Time(8);
  grant.revoke_time = row.Time(9);
  return grant;
}

EmergencyAccess ToAccess(const Row& row) {
  EmergencyAccess access;
  access.name = row.Text(0);
  access.subject = row.Text(1);
  access.pseudonym = row.Text(2);
  access.justification = row.Text(3);
  access.create_time = row.Time(4);
  access.expire_time = row.Time(5);
  access.review = static_cast<EmergencyReview>(row.Int(6));
  access.reviewer = row.Text(7);
  access.review_time = row.Time(8);
  access.review_note = row.Text(9);
  return access;
}

absl::StatusOr<FilterSql> Compile(const std::string& text,
                                  const std::map<std::string, FilterColumn>& columns,
                                  int first_parameter) {
  std::vector<std::string> fields;
  for (const auto& [field, column] : columns) fields.push_back(field);
  MESO_ASSIGN_OR_RETURN(const FilterNode filter, ParseFilter(text, fields));
  return CompileFilter(filter, columns, first_parameter);
}

}  // namespace

absl::Status InsertGrant(Transaction& tx, const AuditorGrant& grant) {
  return tx.Execute(
      "INSERT INTO audit_auditor_grant (name, subject, scope, purpose, payloads, start_us, "
      "expire_us, creator, create_us, revoke_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {grant.name, grant.subject, grant.scope, grant.purpose, int64_t{grant.payloads},
       TimeValue(grant.start_time), TimeValue(grant.expire_time), grant.creator,
       TimeValue(grant.create_time), TimeValue(grant.revoke_time)});
}

absl::StatusOr<AuditorGrant> LoadGrant(Transaction& tx, const std::string& name) {
  static const std::string* const kSql = new std::string(
      absl::StrCat("SELECT ", kGrantColumns, " FROM audit_auditor_grant WHERE name = $1"));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, kSql->c_str(), {name}));
  if (!row) return ResourceNotFound(name);
  return ToGrant(*row);
}

absl::Status RevokeGrant(Transaction& tx, const std::string& name, absl::Time revoke_time) {
  return tx.Execute("UPDATE audit_auditor_grant SET revoke_us = $1 WHERE name = $2",
                    {TimeValue(revoke_time), name},
                    Expected::Rows(1, [name] { return ResourceNotFound(name); }));
}

absl::StatusOr<std::vector<AuditorGrant>> ListActiveGrants(Transaction& tx,
                                                           const std::string& subject,
                                                           absl::Time now) {
  static const std::string* const kSql =
      new std::string(absl::StrCat("SELECT ", kGrantColumns, " FROM audit_auditor_grant WHERE ",
                                   kGrantState, " = 'ACTIVE' AND subject = $2 ORDER BY row"));
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(kSql->c_str(), {TimeValue(now), subject}));
  std::vector<AuditorGrant> grants;
  for (const Row& row : rows) grants.push_back(ToGrant(row));
  return grants;
}

absl::StatusOr<std::vector<std::pair<int64_t, AuditorGrant>>> ListGrants(Transaction& tx,
                                                                         const RowQuery& query,
                                                                         absl::Time now) {
  const std::vector<std::string> states = {"ACTIVE", "PENDING", "EXPIRED", "REVOKED"};
  MESO_ASSIGN_OR_RETURN(FilterSql filter,
                        Compile(query.filter,
                                {{"subject", {"subject", FilterType::kText, {}}},
                                 {"creator", {"creator", FilterType::kText, {}}},
                                 {"state", {kGrantState, FilterType::kText, states}}},
                                4));
  Values args = {TimeValue(now), query.before_row, int64_t{query.limit}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat("SELECT ", kGrantColumns, ", row FROM audit_auditor_grant",
                                         " WHERE $1 IS NOT NULL AND ($2 = 0 OR row < $2) AND $3 > 0"
                                         " AND ",
                                         filter.where, " ORDER BY row DESC LIMIT $3")),
               std::move(args)));
  std::vector<std::pair<int64_t, AuditorGrant>> grants;
  for (const Row& row : rows) grants.emplace_back(row.Int(10), ToGrant(row));
  return grants;
}

absl::Status InsertEmergencyAccess(Transaction& tx, const EmergencyAccess& access) {
  return tx.Execute(
      "INSERT INTO audit_emergency_access (name, subject, pseudonym, justification, create_us, "
      "expire_us, review, reviewer, review_us, review_note) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {access.name, access.subject, access.pseudonym, access.justification,
       TimeValue(access.create_time), TimeValue(access.expire_time),
       static_cast<int64_t>(access.review), access.reviewer, TimeValue(access.review_time),
       access.review_note});
}

absl::StatusOr<EmergencyAccess> LoadEmergencyAccess(Transaction& tx, const std::string& name) {
  static const std::string* const kSql = new std::string(
      absl::StrCat("SELECT ", kAccessColumns, " FROM audit_emergency_access WHERE name = $1"));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, kSql->c_str(), {name}));
  if (!row) return ResourceNotFound(name);
  return ToAccess(*row);
}

absl::Status SaveEmergencyReview(Transaction& tx, const EmergencyAccess& access) {
  return tx.Execute(
      "UPDATE audit_emergency_access SET review = $1, reviewer = $2, review_us = $3, "
      "review_note = $4 WHERE name = $5",
      {static_cast<int64_t>(access.review), access.reviewer, TimeValue(access.review_time),
       access.review_note, access.name},
      Expected::Rows(1, [name = access.name] { return ResourceNotFound(name); }));
}

absl::StatusOr<std::vector<EmergencyAccess>> ListOpenEmergencyAccesses(Transaction& tx,
                                                                       const std::string& subject,
                                                                       const std::string& pseudonym,
                                                                       absl::Time now) {
  static const std::string* const kSql = new std::string(
      absl::StrCat("SELECT ", kAccessColumns,
                   " FROM audit_emergency_access WHERE subject = $1 AND pseudonym = $2 AND "
                   "expire_us > $3 AND review <> $4 ORDER BY row"));
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(kSql->c_str(), {subject, pseudonym, TimeValue(now),
                               static_cast<int64_t>(EmergencyReview::kUnjustified)}));
  std::vector<EmergencyAccess> accesses;
  for (const Row& row : rows) accesses.push_back(ToAccess(row));
  return accesses;
}

absl::StatusOr<std::vector<std::pair<int64_t, EmergencyAccess>>> ListEmergencyAccesses(
    Transaction& tx, const RowQuery& query) {
  const std::vector<std::string> reviews = {"NONE", "JUSTIFIED", "UNJUSTIFIED"};
  MESO_ASSIGN_OR_RETURN(FilterSql filter,
                        Compile(query.filter,
                                {{"subject", {"subject", FilterType::kText, {}}},
                                 {"review", {kReviewState, FilterType::kText, reviews}}},
                                3));
  Values args = {query.before_row, int64_t{query.limit}};
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(Sql::Dynamic(absl::StrCat("SELECT ", kAccessColumns,
                                         ", row FROM audit_emergency_access WHERE ($1 = 0 OR row < "
                                         "$1) AND $2 > 0 AND ",
                                         filter.where, " ORDER BY row DESC LIMIT $2")),
               std::move(args)));
  std::vector<std::pair<int64_t, EmergencyAccess>> accesses;
  for (const Row& row : rows) accesses.emplace_back(row.Int(10), ToAccess(row));
  return accesses;
}

}  // namespace meso::audit
