// What patients answered and agreed to, and the form answers must have.
//
// An assessment holds any subset of a questionnaire's questions and never changes, except that it
// may be invalidated as a whole. Answers are patient data: these values go to the database and to
// whoever may see them, and nowhere else. No state, so any thread may use it.
#ifndef MESO_SERVICES_SCREENING_DOMAIN_ASSESSMENT_H_
#define MESO_SERVICES_SCREENING_DOMAIN_ASSESSMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/screening/domain/questionnaire.h"

namespace meso::screening {

inline constexpr int kAnswersMax = 500;
inline constexpr int kTagsMax = 100;

// The numbers are stored.
enum class AnswerForm : int8_t {
  kUnspecified = 0,
  kChoice = 1,
  kDate = 2,
  kNever = 3,
  kOngoing = 4,
  kTags = 5
};

struct Answer {
  std::string question;
  std::string area;  // empty where the question is not asked per area
  AnswerForm form = AnswerForm::kUnspecified;
  std::string choice;             // kChoice
  absl::CivilDay date;            // kDate
  std::vector<std::string> tags;  // kTags
};

// The numbers are stored.
enum class AssessmentState : int8_t { kValid = 1, kInvalidated = 2 };
enum class InvalidationReason : int8_t {
  kUnspecified = 0,
  kWrongPatient = 1,
  kEntryError = 2,
  kPatientCorrection = 3
};

absl::string_view StateText(AssessmentState state);  // VALID, INVALIDATED

struct Assessment {
  AssessmentName name;
  PatientName patient;
  SiteName site;
  QuestionnaireName questionnaire;
  std::vector<Answer> answers;
  AssessmentState state = AssessmentState::kValid;
  absl::Time create_time;
  std::string recorder;
  absl::Time invalidate_time = absl::InfinitePast();  // InfinitePast = never
  InvalidationReason invalidation_reason = InvalidationReason::kUnspecified;

  std::string etag() const;
};

struct Consent {
  ConsentName name;
  PatientName patient;
  SiteName site;
  CocktailRevisionName cocktail;
  std::string document;
  absl::Time sign_time;
  absl::Time create_time;
  std::string recorder;
};

// YYYY-MM-DD, a day that exists, from 1850 to 2200; nullopt for anything else.
std::optional<absl::CivilDay> ParseDay(absl::string_view text);
std::string DayText(absl::CivilDay day);

// Whether an answer has the form a question asks for (choice among its options, tags well formed).
bool FitsQuestion(const Answer& answer, const Question& question);

// Adds every fault of the answers, measured by the questionnaire, to `errors`, under `field`. The
// descriptions name fields and questions, never an answered value.
void CheckAnswers(const std::vector<Answer>& answers, const Questionnaire& questionnaire,
                  absl::string_view field, FieldErrors& errors);

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_DOMAIN_ASSESSMENT_H_
