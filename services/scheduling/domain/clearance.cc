#include "services/scheduling/domain/clearance.h"

#include <algorithm>

#include "services/scheduling/domain/errors.h"

namespace meso::scheduling {

ClearanceRecord RecordOf(const Clearance& clearance) {
  ClearanceRecord record;
  record.state = clearance.state;
  record.assessments = clearance.assessments;
  record.rule_set = clearance.rule_set;
  record.expire_time = clearance.expire_time;
  record.as_of = clearance.as_of;
  return record;
}

absl::Status DecideBookable(const Clearance& clearance) {
  if (clearance.state == "CLEARED" || clearance.state == "PROVISIONAL") return absl::OkStatus();
  return ClearanceRequired(clearance, "CLEARED or PROVISIONAL");
}

absl::Status DecideTreatable(const Clearance& clearance) {
  if (clearance.state != "CLEARED") return ClearanceRequired(clearance, "CLEARED");
  if (clearance.consent.empty()) return ConsentMissing(CocktailRevisionName(clearance.cocktail));
  return absl::OkStatus();
}

Recheck DecideRecheck(const Clearance& clearance) {
  if (clearance.state == "CLEARED" || clearance.state == "PROVISIONAL") return Recheck::kGood;
  const bool finding =
      std::any_of(clearance.findings.begin(), clearance.findings.end(),
                  [](const Finding& finding) { return finding.effect != "ADVISE"; });
  if (clearance.state == "CONTRAINDICATED" || finding) return Recheck::kBad;
  if (!clearance.unreachable.empty()) return Recheck::kUnknown;
  const bool unanswered = std::any_of(
      clearance.open_questions.begin(), clearance.open_questions.end(),
      [](const OpenQuestion& question) {
        return question.blocking && question.cause != "LAPSED" && question.cause != "DUE_AGAIN";
      });
  if (unanswered || !clearance.missing_inputs.empty()) return Recheck::kBad;
  // EXPIRED, or INCOMPLETE for lapsed questions only: somebody has to ask again, as at every visit.
  if (clearance.state == "EXPIRED" || clearance.state == "INCOMPLETE") return Recheck::kDue;
  return Recheck::kBad;
}

}  // namespace meso::scheduling
