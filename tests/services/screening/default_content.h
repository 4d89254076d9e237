// The shipped questionnaire and rules as domain values, and a patient with nothing against
// treatment: what the tests of clearances start from.
#ifndef MESO_TESTS_SERVICES_SCREENING_DEFAULT_CONTENT_H_
#define MESO_TESTS_SERVICES_SCREENING_DEFAULT_CONTENT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/screening/domain/assessment.h"
#include "services/screening/domain/clearance.h"
#include "services/screening/domain/questionnaire.h"
#include "services/screening/domain/rule_set.h"

namespace meso::screening {

// Parsed from deploy/demo/screening; revisions r1, published.
const Questionnaire& DefaultQuestionnaire();
const RuleSet& DefaultRuleSet();

Answer Choice(const std::string& question, const std::string& choice, const std::string& area = "");
Answer OnDay(const std::string& question, absl::CivilDay day, const std::string& area = "");
Answer Never(const std::string& question, const std::string& area = "");
Answer Ongoing(const std::string& question, const std::string& area = "");
Answer TagsOf(const std::string& question, const std::vector<std::string>& tags);

// An answer to every default question that no rule objects to, per-area ones for `area`. Born 1990.
std::vector<Answer> HarmlessAnswers(const std::string& area);

// A clearance question a test changes piece by piece. Paris, an injectable face treatment on
// 24 November 2026 at 10:00, asked at 09:00, answered at 08:00 of the same day.
struct Scenario {
  Scenario();

  // Replaces the answer to the same question and area, or adds it.
  void Say(const Answer& answer);
  void Say(const Answer& answer, absl::Time time, const std::string& assessment = "assessments/b");
  void Forget(const std::string& question);
  // Gives every answer this time.
  void AnsweredAt(absl::Time time);
  // Changes the treatment's area and moves the per-area answers there.
  void Area(const std::string& area);
  absl::CivilDay Day() const { return absl::ToCivilDay(input.at, input.zone); }
  Clearance Decide() const { return DecideClearance(input); }

  ClearanceInput input;
};

absl::TimeZone Zone(const std::string& name);
// "2026-11-24 10:00" in the zone.
absl::Time LocalTime(const std::string& text, absl::TimeZone zone);

// The findings of one rule, their effects in the rule's order.
std::vector<Effect> EffectsOf(const Clearance& clearance, const std::string& rule);
// Whether a question is open for this rule.
bool IsMissingFor(const Clearance& clearance, const std::string& rule);

}  // namespace meso::screening

#endif  // MESO_TESTS_SERVICES_SCREENING_DEFAULT_CONTENT_H_
