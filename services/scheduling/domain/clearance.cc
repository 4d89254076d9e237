#include "services/scheduling/domain/clearance.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/scheduling/domain/errors.h"

namespace meso::scheduling {
namespace {

bool HasFinding(const Clearance& clearance) {
  return std::any_of(clearance.findings.begin(), clearance.findings.end(),
                     [](const Finding& finding) { return finding.effect != "ADVISE"; });
}

// Nothing is known against the patient, but a service with a safety input was silent: the caller
// should repeat the call, not question the patient.
absl::Status NotCleared(const Clearance& clearance, const std::string& needed) {
  if (clearance.state == "INCOMPLETE" && !clearance.unreachable.empty() && !HasFinding(clearance)) {
    return DependencyDown(clearance.unreachable.front(), "screening could not ask it");
  }
  return ClearanceRequired(clearance, needed);
}

}  // namespace

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
  return NotCleared(clearance, "CLEARED or PROVISIONAL");
}

absl::Status DecideTreatable(const Clearance& clearance) {
  if (clearance.state != "CLEARED") return NotCleared(clearance, "CLEARED");
  if (clearance.consent.empty()) return ConsentMissing(CocktailRevisionName(clearance.cocktail));
  return absl::OkStatus();
}

Recheck DecideRecheck(const Clearance& clearance) {
  if (clearance.state == "CLEARED" || clearance.state == "PROVISIONAL") return Recheck::kGood;
  if (clearance.state == "CONTRAINDICATED" || HasFinding(clearance)) return Recheck::kBad;
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

absl::StatusOr<std::vector<Warning>> DecideEmergencyKit(const SiteName& site,
                                                        const KitAnswer& kit) {
  if (kit.missing) return EmergencyKitMissing(site, kit.missing_products);
  std::vector<Warning> warnings;
  for (const KitShortage& one : kit.below_par) {
    warnings.push_back(
        {"EMERGENCY_KIT_BELOW_PAR", one.product,
         absl::StrCat(one.product, ": ", one.available, " of ", one.par, " units usable")});
  }
  return warnings;
}

}  // namespace meso::scheduling
