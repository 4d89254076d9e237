// Questionnaires and rule sets in the database: the SQL behind their revisions.
//
// Functions over a Transaction, called by operations; they remember and decide nothing. Content is
// written once; only a revision's state, publisher and publish time ever change. Every function can
// also fail as the Database seam says (STORAGE_UNAVAILABLE, DEADLINE_EXCEEDED) and with DATA_LOSS
// when stored content cannot be read.
#ifndef MESO_SERVICES_SCREENING_STORE_CATALOG_STORE_H_
#define MESO_SERVICES_SCREENING_STORE_CATALOG_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/filter.h"
#include "common/database/database.h"
#include "services/screening/domain/questionnaire.h"
#include "services/screening/domain/rule_set.h"

namespace meso::screening {

// A place in a list ordered by code and revision; an empty code = before the first.
struct RevisionKey {
  std::string code;
  int64_t revision = 0;
};

// The number the next revision of `code` gets, from 1.
absl::StatusOr<int64_t> NextQuestionnaireRevision(Transaction& tx, const std::string& code);
absl::Status InsertQuestionnaire(Transaction& tx, const Questionnaire& questionnaire);
// RESOURCE_NOT_FOUND when there is none, or the name is of another form.
absl::StatusOr<Questionnaire> LoadQuestionnaire(Transaction& tx, const QuestionnaireName& name);
// Stores state, publisher and publish_time; the row must exist.
absl::Status UpdateQuestionnaire(Transaction& tx, const Questionnaire& questionnaire);
// At most `limit` revisions after `after` that pass the filter (fields code, state); FILTER_INVALID
// when a value does not fit.
absl::StatusOr<std::vector<Questionnaire>> ListQuestionnaires(Transaction& tx,
                                                              const FilterNode& filter,
                                                              const RevisionKey& after, int limit);

// The same for rule sets.
absl::StatusOr<int64_t> NextRuleSetRevision(Transaction& tx, const std::string& code);
absl::Status InsertRuleSet(Transaction& tx, const RuleSet& rule_set);
absl::StatusOr<RuleSet> LoadRuleSet(Transaction& tx, const RuleSetName& name);
absl::Status UpdateRuleSet(Transaction& tx, const RuleSet& rule_set);
absl::StatusOr<std::vector<RuleSet>> ListRuleSets(Transaction& tx, const FilterNode& filter,
                                                  const RevisionKey& after, int limit);
// The set in force; an empty name when none was ever published.
absl::StatusOr<RuleSetName> FindRuleSetInForce(Transaction& tx);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_STORE_CATALOG_STORE_H_
