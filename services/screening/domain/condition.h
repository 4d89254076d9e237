// The language rules are written in, and how a condition becomes true, false or unknown.
//
// A condition is a small tree of typed comparisons: answers, dates around the appointment, tags of
// what would be used, the treatment's area and method, the site's jurisdiction. Logic has three
// values (Kleene): what cannot be known stays unknown unless another branch decides, and every
// unknown says which question or input is missing. Pure and without state, so any thread may use
// it. It does not know rules, effects or states; clearance.h does.
#ifndef MESO_SERVICES_SCREENING_DOMAIN_CONDITION_H_
#define MESO_SERVICES_SCREENING_DOMAIN_CONDITION_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/base/error.h"
#include "services/screening/domain/assessment.h"
#include "services/screening/domain/questionnaire.h"

namespace meso::screening {

inline constexpr int kConditionDepthMax = 8;
inline constexpr int kConditionNodesMax = 64;

// The numbers are stored.
enum class ConditionKind : int8_t {
  kUnspecified = 0,
  kAllOf = 1,
  kAnyOf = 2,
  kNot = 3,
  kAnswerIn = 4,
  kDateWithin = 5,
  kAgeBelow = 6,
  kAnswerTagsUsed = 7,
  kTagsUsed = 8,
  kAreaIn = 9,
  kDeliveryMethodIn = 10,
  kTechniqueIn = 11,
  kJurisdictionIn = 12
};

// The numbers are stored.
enum class TagSource : int8_t { kUnspecified = 0, kCocktail = 1, kNumbingCream = 2 };

// One node. Only the members its kind names are read.
struct Condition {
  ConditionKind kind = ConditionKind::kUnspecified;
  std::vector<Condition> children;  // kAllOf, kAnyOf: 1-32; kNot: 1
  std::string question;             // kAnswerIn, kDateWithin, kAgeBelow, kAnswerTagsUsed
  std::vector<std::string> values;  // choices, tags or codes
  std::vector<TagSource> sources;   // kAnswerTagsUsed, kTagsUsed
  int days_before = 0;              // kDateWithin
  int days_after = 0;               // kDateWithin
  int years = 0;                    // kAgeBelow
};

enum class Truth { kFalse, kUnknown, kTrue };

// A question, and the area it is asked for (empty where it is not asked per area).
using QuestionKey = std::pair<std::string, std::string>;

// Why a question's answer cannot be used. kDueAgain: it counts today but not on the day asked for.
enum class GapCause { kNotAnswered, kLapsed, kUnsure, kDueAgain };

// What a condition needed and did not have.
struct Gaps {
  std::map<QuestionKey, GapCause> questions;
  std::set<std::string> inputs;  // cocktail, area, delivery_method, technique, jurisdiction

  bool empty() const { return questions.empty() && inputs.empty(); }
  void Merge(const Gaps& other);
};

// The answer to a question as evaluation sees it.
struct AnswerView {
  const Answer* answer = nullptr;              // nullptr: none that can be used
  GapCause why_none = GapCause::kNotAnswered;  // read when answer is nullptr
};

// Everything a condition may look at.
struct Facts {
  absl::CivilDay day;  // of the appointment, in the site's calendar
  std::string area;    // FACE, ...; empty = nobody stated it
  std::string delivery_method;
  std::string technique;
  std::string jurisdiction;
  std::optional<std::set<std::string>> cocktail_tags;  // nullopt = could not be asked
  std::set<std::string> numbing_cream_tags;
  const Questionnaire* questionnaire = nullptr;  // whose questions the conditions read
  std::map<QuestionKey, AnswerView> answers;     // a missing key = not answered
};

struct Evaluation {
  Truth truth = Truth::kUnknown;
  Gaps gaps;                   // filled when unknown
  std::set<QuestionKey> used;  // the answers the outcome rests on
};

// Evaluates the condition. A node that makes no sense (unknown question, wrong kind) is unknown, so
// that a fault in data can only ever refuse.
Evaluation Evaluate(const Condition& condition, const Facts& facts);

// The key under which an answer to the question is kept for this treatment's area.
QuestionKey KeyOf(const Question& question, absl::string_view area);

// Adds every fault of the condition to `errors`, under `field`: an empty node, too deep or too
// large, a question the questionnaire lacks or of another kind, values out of range.
void CheckCondition(const Condition& condition, const Questionnaire& questionnaire,
                    absl::string_view field, FieldErrors& errors);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_DOMAIN_CONDITION_H_
