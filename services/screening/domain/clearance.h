// May this patient have this treatment with this cocktail on this day? The one place that decides.
//
// DecideClearance evaluates every rule in force against the newest answers, the treatment, the site
// and the cocktail's tags, and folds the outcomes into one state. Unknown is never safe: a safety
// rule that cannot be evaluated makes the answer INCOMPLETE (or EXPIRED when only time has passed
// over its answers). All days are days of the treating site's calendar. Pure: the clock, the
// database and the other services are the caller's. No state, so any thread may use it.
#ifndef MESO_SERVICES_SCREENING_DOMAIN_CLEARANCE_H_
#define MESO_SERVICES_SCREENING_DOMAIN_CLEARANCE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "services/screening/domain/assessment.h"
#include "services/screening/domain/condition.h"
#include "services/screening/domain/rule_set.h"

namespace meso::screening {

inline constexpr absl::Duration kClearancePastMax = absl::Hours(1);
inline constexpr absl::Duration kClearanceAheadMax = absl::Hours(24 * 365 * 3);

// What screening keeps of a site (owned by scheduling).
struct Site {
  SiteName name;
  std::string time_zone;     // IANA
  std::string jurisdiction;  // ISO 3166; empty = not stated
  int64_t revision = 0;
};

// What screening keeps of a treatment type (owned by scheduling).
struct Treatment {
  TreatmentName name;
  std::string area;  // FACE, ...; empty = not stated; so the next two
  std::string delivery_method;
  std::string technique;
  std::set<std::string> numbing_cream_tags;
  int64_t revision = 0;
};

// What screening keeps of a cocktail revision (owned by inventory).
struct Cocktail {
  CocktailRevisionName name;
  std::string title;
  std::optional<std::set<std::string>> tags;  // of all its products; nullopt = not known
  bool undeclared = false;                    // not known because a product of it declares no tags
};

// The newest counting answer to one question.
struct StoredAnswer {
  Answer answer;
  absl::Time time;  // when it was given
  AssessmentName assessment;
};

struct ClearanceInput {
  const RuleSet* rule_set = nullptr;
  const Questionnaire* questionnaire = nullptr;
  std::vector<StoredAnswer> answers;  // at most one per question and area
  Site site;
  absl::TimeZone zone;  // of site.time_zone
  Treatment treatment;
  Cocktail cocktail;
  absl::Time at;
  absl::Time now;
};

// In rising order of precedence: the gravest that applies is the state.
enum class ClearanceState {
  kCleared = 1,
  kProvisional = 2,
  kNeedsApproval = 3,
  kDeferred = 4,
  kExpired = 5,
  kIncomplete = 6,
  kContraindicated = 7
};

struct Finding {
  std::string rule;
  Effect effect = Effect::kUnspecified;
  std::string title;
  std::string explanation;
  std::string citation;
  Confidence confidence = Confidence::kUnspecified;
  std::string rule_hash;
  std::optional<absl::CivilDay> defer_until;  // the first day it no longer applies
  std::vector<std::string> questions;
};

struct OpenQuestion {
  QuestionKey key;
  std::string text;
  std::set<std::string> rules;
  bool blocking = false;  // a safety rule needs it
  GapCause cause = GapCause::kNotAnswered;
  absl::Time ask_from_time;  // from then on an answer counts at the time asked for
};

struct Clearance {
  ClearanceState state = ClearanceState::kIncomplete;
  std::vector<Finding> findings;                     // gravest first, then in the set's order
  std::vector<OpenQuestion> missing;                 // unusable now
  std::vector<OpenQuestion> due;                     // usable now, lapsed by `at`
  std::set<std::string> assessments;                 // whose answers were used
  std::optional<absl::CivilDay> earliest_safe_date;  // DEFERRED, when every deferral is dated
  absl::Time expire_time = absl::InfiniteFuture();   // the first lapse of a used answer
  std::set<std::string> missing_inputs;  // other inputs safety rules lack: cocktail, area, ...
};

// Decides. Preconditions: rule_set and questionnaire are set and belong together.
Clearance DecideClearance(const ClearanceInput& input);

// Adds FIELD_INVALID for `at` when it is more than an hour ago or three years ahead.
void CheckClearanceTime(absl::Time at, absl::Time now, absl::string_view field,
                        FieldErrors& errors);

// CLEARED or PROVISIONAL.
bool IsAcceptable(ClearanceState state);

// The order of a ranking: by state, then fewer findings, then fewer open questions, then by name. A
// strict order of different cocktails.
bool IsBetter(const Cocktail& a, const Clearance& of_a, const Cocktail& b, const Clearance& of_b);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_DOMAIN_CLEARANCE_H_
