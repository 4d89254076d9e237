#include "services/screening/store/screening_store.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/filter_sql.h"
#include "services/screening/domain/content_codec.h"

namespace meso::screening {
namespace {

constexpr char kAssessmentColumns[] =
    "name, patient, site, questionnaire, answers, state, recorder, create_us, invalidate_us, "
    "invalidation_reason, row";

// A patient's assessments from the newest back. UNION ALL keeps the order of the chain.
constexpr char kAssessmentChain[] =
    "WITH RECURSIVE chain(link) AS ("
    "SELECT last_assessment FROM patient WHERE name = $1 AND last_assessment IS NOT NULL "
    "UNION ALL SELECT previous_row FROM assessment JOIN chain ON assessment.row = chain.link "
    "WHERE previous_row IS NOT NULL) ";

absl::StatusOr<Assessment> ToAssessment(const Row& row) {
  Assessment assessment;
  assessment.name = AssessmentName(row.Text(0));
  assessment.patient = PatientName(row.Text(1));
  assessment.site = SiteName(row.Text(2));
  assessment.questionnaire = QuestionnaireName(row.Text(3));
  MESO_ASSIGN_OR_RETURN(assessment.answers, DecodeAnswers(row.Bytes(4)));
  assessment.state = static_cast<AssessmentState>(row.Int(5));
  assessment.recorder = row.Text(6);
  assessment.create_time = row.Time(7);
  assessment.invalidate_time = row.Time(8);
  assessment.invalidation_reason = static_cast<InvalidationReason>(row.Int(9));
  return assessment;
}

Consent ToConsent(const Row& row) {
  Consent consent;
  consent.name = ConsentName(row.Text(0));
  consent.patient = PatientName(row.Text(1));
  consent.site = SiteName(row.Text(2));
  consent.cocktail = CocktailRevisionName(row.Text(3));
  consent.document = row.Text(4);
  consent.recorder = row.Text(5);
  consent.sign_time = row.Time(6);
  consent.create_time = row.Time(7);
  return consent;
}

// Makes sure of the patient's row and returns the end of one of its chains (NULL when empty).
absl::StatusOr<Value> ChainEnd(Transaction& tx, const PatientName& patient, const Sql& read) {
  MESO_RETURN_IF_ERROR(tx.Execute(
      "INSERT INTO patient (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", {patient.value()}));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, read, {patient.value()}));
  if (!row.has_value() || row->IsNull(0)) return Value();
  return Value(row->Int(0));
}

// "site IN ($n, ...)" as text and values; empty text when every site counts.
std::string SiteCondition(const std::optional<std::set<std::string>>& sites, int first,
                          Values& args) {
  if (!sites.has_value()) return "";
  std::string text = " AND site IN (";
  for (const std::string& site : *sites) {
    if (text.back() != '(') absl::StrAppend(&text, ", ");
    absl::StrAppend(&text, "$", first++);
    args.push_back(site);
  }
  return absl::StrCat(text, ")");
}

}  // namespace

absl::Status InsertAssessment(Transaction& tx, const Assessment& assessment) {
  MESO_ASSIGN_OR_RETURN(
      const Value previous,
      ChainEnd(tx, assessment.patient, "SELECT last_assessment FROM patient WHERE name = $1"));
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("INSERT INTO assessment (name, patient, previous_row, site, questionnaire, answers, "
               "state, recorder, create_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
               "RETURNING row",
               {assessment.name.value(), assessment.patient.value(), previous,
                assessment.site.value(), assessment.questionnaire.value(),
                Blob{EncodeAnswers(assessment.answers)}, static_cast<int64_t>(assessment.state),
                assessment.recorder, TimeValue(assessment.create_time)}));
  return tx.Execute("UPDATE patient SET last_assessment = $1 WHERE name = $2",
                    {rows[0].Int(0), assessment.patient.value()});
}

absl::StatusOr<Assessment> LoadAssessment(Transaction& tx, const AssessmentName& name) {
  static const std::string* const kSql = new std::string(
      absl::StrCat("SELECT ", kAssessmentColumns, " FROM assessment WHERE name = $1"));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, kSql->c_str(), {name.value()}));
  if (!row.has_value()) return ResourceNotFound(name.value());
  return ToAssessment(*row);
}

absl::Status UpdateAssessment(Transaction& tx, const Assessment& assessment) {
  return tx.Execute(
      "UPDATE assessment SET state = $1, invalidate_us = $2, invalidation_reason = $3 "
      "WHERE name = $4",
      {static_cast<int64_t>(assessment.state), TimeValue(assessment.invalidate_time),
       static_cast<int64_t>(assessment.invalidation_reason), assessment.name.value()},
      Expected::Rows(1, [name = assessment.name.value()] { return ResourceNotFound(name); }));
}

absl::StatusOr<std::vector<std::pair<int64_t, Assessment>>> ListAssessments(
    Transaction& tx, const AssessmentQuery& query) {
  std::vector<std::pair<int64_t, Assessment>> result;
  if (query.sites.has_value() && query.sites->empty()) return result;
  // $1 the patient, $2 where to go on, $3 the limit; sites and filter follow.
  Values args = {query.patient.value(), query.before_row, static_cast<int64_t>(query.limit)};
  const std::string sites = SiteCondition(query.sites, 4, args);
  MESO_ASSIGN_OR_RETURN(FilterSql filter,
                        CompileFilter(query.filter,
                                      {{"state",
                                        {"(CASE state WHEN 1 THEN 'VALID' ELSE 'INVALIDATED' END)",
                                         FilterType::kText,
                                         {"VALID", "INVALIDATED"}}}},
                                      static_cast<int>(args.size()) + 1));
  args.insert(args.end(), filter.args.begin(), filter.args.end());
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query(Sql::Dynamic(absl::StrCat(
                                     kAssessmentChain, "SELECT ", kAssessmentColumns,
                                     " FROM chain JOIN assessment ON assessment.row = chain.link "
                                     "WHERE ($2 = 0 OR row < $2) AND $3 > 0",
                                     sites, " AND ", filter.where, " ORDER BY row DESC LIMIT $3")),
                                 std::move(args)));
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Assessment assessment, ToAssessment(row));
    result.emplace_back(row.Int(10), std::move(assessment));
  }
  return result;
}

absl::StatusOr<std::vector<StoredAnswer>> LoadNewestAnswers(Transaction& tx,
                                                            const PatientName& patient) {
  static const std::string* const kSql = new std::string(
      absl::StrCat(kAssessmentChain,
                   "SELECT name, answers, create_us FROM chain JOIN assessment "
                   "ON assessment.row = chain.link WHERE state = 1 ORDER BY row DESC"));
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(kSql->c_str(), {patient.value()}));
  std::set<std::pair<std::string, std::string>> seen;
  std::vector<StoredAnswer> result;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(std::vector<Answer> answers, DecodeAnswers(row.Bytes(1)));
    for (Answer& answer : answers) {
      if (!seen.emplace(answer.question, answer.area).second) continue;
      result.push_back({std::move(answer), row.Time(2), AssessmentName(row.Text(0))});
    }
  }
  return result;
}

absl::Status InsertConsent(Transaction& tx, const Consent& consent) {
  MESO_ASSIGN_OR_RETURN(
      const Value previous,
      ChainEnd(tx, consent.patient, "SELECT last_consent FROM patient WHERE name = $1"));
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("INSERT INTO consent (name, patient, previous_row, site, cocktail, document, "
               "recorder, sign_us, create_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
               "RETURNING row",
               {consent.name.value(), consent.patient.value(), previous, consent.site.value(),
                consent.cocktail.value(), consent.document, consent.recorder,
                TimeValue(consent.sign_time), TimeValue(consent.create_time)}));
  return tx.Execute("UPDATE patient SET last_consent = $1 WHERE name = $2",
                    {rows[0].Int(0), consent.patient.value()});
}

absl::StatusOr<Consent> LoadConsent(Transaction& tx, const ConsentName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT name, patient, site, cocktail, document, recorder, sign_us, create_us "
               "FROM consent WHERE name = $1",
               {name.value()}));
  if (!row.has_value()) return ResourceNotFound(name.value());
  return ToConsent(*row);
}

absl::StatusOr<ConsentName> FindNewestConsent(Transaction& tx, const PatientName& patient,
                                              const CocktailRevisionName& cocktail) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "WITH RECURSIVE chain(link) AS ("
               "SELECT last_consent FROM patient WHERE name = $1 AND last_consent IS NOT NULL "
               "UNION ALL SELECT previous_row FROM consent JOIN chain ON consent.row = chain.link "
               "WHERE previous_row IS NOT NULL) "
               "SELECT name FROM chain JOIN consent ON consent.row = chain.link "
               "WHERE cocktail = $2 ORDER BY sign_us DESC, row DESC LIMIT 1",
               {patient.value(), cocktail.value()}));
  return row.has_value() ? ConsentName(row->Text(0)) : ConsentName();
}

}  // namespace meso::screening
