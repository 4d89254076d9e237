#include "services/screening/store/catalog_store.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/screening/domain/content_codec.h"

namespace meso::screening {
namespace {

constexpr char kQuestionnaireColumns[] =
    "SELECT code, revision, title, content, state, author, publisher, create_us, publish_us "
    "FROM questionnaire ";
constexpr char kRuleSetColumns[] =
    "SELECT code, revision, title, questionnaire, content, state, author, publisher, create_us, "
    "publish_us FROM rule_set ";

// The states' names as filters spell them.
constexpr char kStateName[] =
    "(CASE state WHEN 1 THEN 'DRAFT' WHEN 2 THEN 'PUBLISHED' ELSE 'SUPERSEDED' END)";

std::optional<RevisionKey> ParseRevision(absl::string_view pattern, absl::string_view name) {
  const std::optional<std::vector<std::string>> parts = MatchName(pattern, name);
  if (!parts.has_value()) return std::nullopt;
  RevisionKey key;
  key.code = (*parts)[0];
  absl::string_view number = (*parts)[1];
  if (!number.empty() && number[0] == 'r') number.remove_prefix(1);
  if (!absl::SimpleAtoi(number, &key.revision)) return std::nullopt;
  return key;
}

absl::StatusOr<Questionnaire> ToQuestionnaire(const Row& row) {
  Questionnaire questionnaire;
  questionnaire.code = row.Text(0);
  questionnaire.revision = row.Int(1);
  questionnaire.title = row.Text(2);
  MESO_ASSIGN_OR_RETURN(questionnaire.questions, DecodeQuestions(row.Bytes(3)));
  questionnaire.state = static_cast<RevisionState>(row.Int(4));
  questionnaire.author = row.Text(5);
  questionnaire.publisher = row.Text(6);
  questionnaire.create_time = row.Time(7);
  questionnaire.publish_time = row.Time(8);
  return questionnaire;
}

absl::StatusOr<RuleSet> ToRuleSet(const Row& row) {
  RuleSet rule_set;
  rule_set.code = row.Text(0);
  rule_set.revision = row.Int(1);
  rule_set.title = row.Text(2);
  rule_set.questionnaire = QuestionnaireName(row.Text(3));
  MESO_ASSIGN_OR_RETURN(rule_set.rules, DecodeRules(row.Bytes(4)));
  rule_set.state = static_cast<RevisionState>(row.Int(5));
  rule_set.author = row.Text(6);
  rule_set.publisher = row.Text(7);
  rule_set.create_time = row.Time(8);
  rule_set.publish_time = row.Time(9);
  return rule_set;
}

absl::StatusOr<int64_t> NextRevision(Transaction& tx, const Sql& sql, const std::string& code) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, sql, {code}));
  return row.has_value() ? row->Int(0) + 1 : 1;
}

// $1 and $2 are the place to go on from, $3 the limit; the filter's values follow.
absl::StatusOr<Rows> ListRevisions(Transaction& tx, absl::string_view columns,
                                   const std::vector<std::string>& states, const FilterNode& filter,
                                   const RevisionKey& after, int limit) {
  MESO_ASSIGN_OR_RETURN(
      FilterSql compiled,
      CompileFilter(filter,
                    {{"code", {"code"}}, {"state", {kStateName, FilterType::kText, states}}}, 4));
  Values args = {after.code, after.revision, static_cast<int64_t>(limit)};
  args.insert(args.end(), compiled.args.begin(), compiled.args.end());
  // The limit's parameter must appear before the filter's: parameters are numbered as they come.
  return tx.Query(
      Sql::Dynamic(absl::StrCat(columns, "WHERE (code, revision) > ($1, $2) AND $3 > 0 AND ",
                                compiled.where, " ORDER BY code, revision LIMIT $3")),
      std::move(args));
}

Value PublishTime(absl::Time time) {
  if (time == absl::InfinitePast()) return Value();
  return TimeValue(time);
}

}  // namespace

absl::StatusOr<int64_t> NextQuestionnaireRevision(Transaction& tx, const std::string& code) {
  return NextRevision(
      tx, "SELECT revision FROM questionnaire WHERE code = $1 ORDER BY revision DESC LIMIT 1",
      code);
}

absl::Status InsertQuestionnaire(Transaction& tx, const Questionnaire& questionnaire) {
  return tx.Execute(
      "INSERT INTO questionnaire (code, revision, title, content, state, author, create_us) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {questionnaire.code, questionnaire.revision, questionnaire.title,
       Blob{EncodeQuestions(questionnaire.questions)}, static_cast<int64_t>(questionnaire.state),
       questionnaire.author, TimeValue(questionnaire.create_time)});
}

absl::StatusOr<Questionnaire> LoadQuestionnaire(Transaction& tx, const QuestionnaireName& name) {
  const std::optional<RevisionKey> key =
      ParseRevision("questionnaires/{code}/revisions/{rev}", name.value());
  if (!key.has_value()) return ResourceNotFound(name.value());
  static const std::string* const kSql =
      new std::string(absl::StrCat(kQuestionnaireColumns, "WHERE code = $1 AND revision = $2"));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, kSql->c_str(), {key->code, key->revision}));
  if (!row.has_value()) return ResourceNotFound(name.value());
  return ToQuestionnaire(*row);
}

absl::Status UpdateQuestionnaire(Transaction& tx, const Questionnaire& questionnaire) {
  return tx.Execute(
      "UPDATE questionnaire SET state = $1, publisher = $2, publish_us = $3 "
      "WHERE code = $4 AND revision = $5",
      {static_cast<int64_t>(questionnaire.state), NullIfEmpty(questionnaire.publisher),
       PublishTime(questionnaire.publish_time), questionnaire.code, questionnaire.revision},
      Expected::Rows(1, [name = questionnaire.name().value()] { return ResourceNotFound(name); }));
}

absl::StatusOr<std::vector<Questionnaire>> ListQuestionnaires(Transaction& tx,
                                                              const FilterNode& filter,
                                                              const RevisionKey& after, int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      ListRevisions(tx, kQuestionnaireColumns, {"DRAFT", "PUBLISHED"}, filter, after, limit));
  std::vector<Questionnaire> result;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Questionnaire questionnaire, ToQuestionnaire(row));
    result.push_back(std::move(questionnaire));
  }
  return result;
}

absl::StatusOr<int64_t> NextRuleSetRevision(Transaction& tx, const std::string& code) {
  return NextRevision(
      tx, "SELECT revision FROM rule_set WHERE code = $1 ORDER BY revision DESC LIMIT 1", code);
}

absl::Status InsertRuleSet(Transaction& tx, const RuleSet& rule_set) {
  return tx.Execute(
      "INSERT INTO rule_set (code, revision, title, questionnaire, content, state, author, "
      "create_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {rule_set.code, rule_set.revision, rule_set.title, rule_set.questionnaire.value(),
       Blob{EncodeRules(rule_set.rules)}, static_cast<int64_t>(rule_set.state), rule_set.author,
       TimeValue(rule_set.create_time)});
}

absl::StatusOr<RuleSet> LoadRuleSet(Transaction& tx, const RuleSetName& name) {
  const std::optional<RevisionKey> key =
      ParseRevision("ruleSets/{code}/revisions/{rev}", name.value());
  if (!key.has_value()) return ResourceNotFound(name.value());
  static const std::string* const kSql =
      new std::string(absl::StrCat(kRuleSetColumns, "WHERE code = $1 AND revision = $2"));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, kSql->c_str(), {key->code, key->revision}));
  if (!row.has_value()) return ResourceNotFound(name.value());
  return ToRuleSet(*row);
}

absl::Status UpdateRuleSet(Transaction& tx, const RuleSet& rule_set) {
  return tx.Execute(
      "UPDATE rule_set SET state = $1, publisher = $2, publish_us = $3 "
      "WHERE code = $4 AND revision = $5",
      {static_cast<int64_t>(rule_set.state), NullIfEmpty(rule_set.publisher),
       PublishTime(rule_set.publish_time), rule_set.code, rule_set.revision},
      Expected::Rows(1, [name = rule_set.name().value()] { return ResourceNotFound(name); }));
}

absl::StatusOr<std::vector<RuleSet>> ListRuleSets(Transaction& tx, const FilterNode& filter,
                                                  const RevisionKey& after, int limit) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        ListRevisions(tx, kRuleSetColumns, {"DRAFT", "PUBLISHED", "SUPERSEDED"},
                                      filter, after, limit));
  std::vector<RuleSet> result;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(RuleSet rule_set, ToRuleSet(row));
    result.push_back(std::move(rule_set));
  }
  return result;
}

absl::StatusOr<RuleSetName> FindRuleSetInForce(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, "SELECT code, revision FROM rule_set WHERE state = 2", {}));
  if (!row.has_value()) return RuleSetName();
  return RuleSetName(absl::StrCat("ruleSets/", row->Text(0), "/revisions/r", row->Int(1)));
}

}  // namespace meso::screening
