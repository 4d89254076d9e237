// Assessments and consents in the database: the SQL behind patients' answers.
//
// Functions over a Transaction, called by operations; they remember and decide nothing. A patient's
// rows are chained from the newest back (patient.last_… -> previous_row). Every function can also
// fail as the Database seam says, and with DATA_LOSS when stored answers cannot be read.
#ifndef MESO_SERVICES_SCREENING_STORE_SCREENING_STORE_H_
#define MESO_SERVICES_SCREENING_STORE_SCREENING_STORE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/filter.h"
#include "common/database/database.h"
#include "services/screening/domain/assessment.h"
#include "services/screening/domain/clearance.h"

namespace meso::screening {

absl::Status InsertAssessment(Transaction& tx, const Assessment& assessment);
// RESOURCE_NOT_FOUND when there is none.
absl::StatusOr<Assessment> LoadAssessment(Transaction& tx, const AssessmentName& name);
// Stores state, time and reason; the row must exist.
absl::Status UpdateAssessment(Transaction& tx, const Assessment& assessment);

struct AssessmentQuery {
  PatientName patient;
  std::optional<std::set<std::string>> sites;  // "sites/…"; nullopt = all
  FilterNode filter;                           // field state
  int64_t before_row = 0;                      // from a page before; 0 = the newest
  int limit = 0;
};
// Newest first, each with its row.
absl::StatusOr<std::vector<std::pair<int64_t, Assessment>>> ListAssessments(
    Transaction& tx, const AssessmentQuery& query);

// For every question and area this patient ever answered, the newest answer over all assessments
// that are not invalidated, at whatever site they were taken.
absl::StatusOr<std::vector<StoredAnswer>> LoadNewestAnswers(Transaction& tx,
                                                            const PatientName& patient);

absl::Status InsertConsent(Transaction& tx, const Consent& consent);
// RESOURCE_NOT_FOUND when there is none.
absl::StatusOr<Consent> LoadConsent(Transaction& tx, const ConsentName& name);
// The patient's consent to this revision with the latest signature; an empty name when there is
// none.
absl::StatusOr<ConsentName> FindNewestConsent(Transaction& tx, const PatientName& patient,
                                              const CocktailRevisionName& cocktail);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_STORE_SCREENING_STORE_H_
