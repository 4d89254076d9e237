// What answers mean: cited rules as data, in revisioned sets.
//
// Plain values, the checks a set must pass before it is stored, and the decision who may publish.
// How rules turn into a clearance is clearance.h's business. No state, so any thread may use it.
#ifndef MESO_SERVICES_SCREENING_DOMAIN_RULE_SET_H_
#define MESO_SERVICES_SCREENING_DOMAIN_RULE_SET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "services/screening/domain/condition.h"
#include "services/screening/domain/questionnaire.h"

namespace meso::screening {

inline constexpr int kRulesMax = 500;
inline constexpr int kOutcomesMax = 8;

// In rising gravity. The numbers are stored.
enum class Effect : int8_t {
  kUnspecified = 0,
  kAdvise = 1,
  kRequiresApproval = 2,
  kDefer = 3,
  kContraindicated = 4
};

// Whether not knowing forbids: everything but advice.
inline bool IsSafetyEffect(Effect effect) { return effect != Effect::kAdvise; }

// The numbers are stored.
enum class Confidence : int8_t { kUnspecified = 0, kLow = 1, kMedium = 2, kHigh = 3 };

struct Outcome {
  Condition condition;
  Effect effect = Effect::kUnspecified;
  std::string explanation;
  // kDefer: until the answer to this date question plus so many days; empty = undated.
  std::string defer_question;
  int defer_days = 0;
};

struct Rule {
  std::string id;  // MS-06
  std::string title;
  std::string citation;
  Confidence confidence = Confidence::kUnspecified;
  std::vector<Outcome> outcomes;
};

struct RuleSet {
  std::string code;
  int64_t revision = 0;  // 1, 2, ...
  std::string title;
  QuestionnaireName questionnaire;
  std::vector<Rule> rules;
  RevisionState state = RevisionState::kDraft;
  std::string author;
  std::string publisher;
  absl::Time create_time;
  absl::Time publish_time = absl::InfinitePast();  // InfinitePast = not published

  RuleSetName name() const;
  std::string etag() const;
};

// Adds every fault of the content to `errors`, under `field`: codes, texts, effects, deferrals, and
// conditions that the questionnaire's questions cannot answer.
void CheckRuleSet(const RuleSet& rule_set, const Questionnaire& questionnaire,
                  absl::string_view field, FieldErrors& errors);

// Whether `publisher` may publish the revision that is in `state`, written by `author`. OK also for
// one that is published already: then nothing is to be done. Errors: SELF_APPROVAL when the two are
// one person; STATE_NOT_ALLOWED when the revision was superseded; ETAG_MISMATCH when `given_etag`
// is set and not the current one of a draft.
absl::Status DecidePublish(absl::string_view name, RevisionState state, absl::string_view author,
                           absl::string_view publisher, absl::string_view given_etag,
                           absl::string_view current_etag);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_DOMAIN_RULE_SET_H_
