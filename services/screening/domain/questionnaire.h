// What is asked: questions, and the revisioned questionnaires they stand in.
//
// Plain values and the checks a questionnaire must pass before it is stored. Operations and the
// clearance rules read them; nothing here knows storage or the wire. No state, so any thread may
// use it.
#ifndef MESO_SERVICES_SCREENING_DOMAIN_QUESTIONNAIRE_H_
#define MESO_SERVICES_SCREENING_DOMAIN_QUESTIONNAIRE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"

namespace meso::screening {

using QuestionnaireName = Id<struct QuestionnaireTag>;  // questionnaires/{code}/revisions/r{n}
using RuleSetName = Id<struct RuleSetTag>;              // ruleSets/{code}/revisions/r{n}
using AssessmentName = Id<struct AssessmentTag>;        // assessments/{uuid}
using ConsentName = Id<struct ConsentTag>;              // consents/{uuid}

inline constexpr int kQuestionsMax = 500;
inline constexpr int kValidDaysDefault = 30;
inline constexpr int kValidDaysMax = 3650;
inline constexpr int kTitleLengthMax = 200;

// Choices of a yes/no question.
inline constexpr char kYes[] = "YES";
inline constexpr char kNo[] = "NO";
inline constexpr char kUnsure[] = "UNSURE";

// The numbers are stored.
enum class QuestionKind : int8_t {
  kUnspecified = 0,
  kYesNo = 1,
  kChoice = 2,
  kDate = 3,
  kTags = 4
};

struct Question {
  std::string id;
  std::string text;
  QuestionKind kind = QuestionKind::kUnspecified;
  bool per_area = false;
  bool same_day = false;
  int valid_days = 0;  // 0 = kValidDaysDefault; not read when same_day
  std::vector<std::string> options;
  std::string help;

  // How many days after the day it was given an answer still counts.
  int ValidDays() const {
    if (same_day) return 0;
    return valid_days == 0 ? kValidDaysDefault : valid_days;
  }
};

// The numbers are stored. kSuperseded is reached by rule sets only.
enum class RevisionState : int8_t { kDraft = 1, kPublished = 2, kSuperseded = 3 };

// The name of a state as the API spells it: DRAFT, PUBLISHED, SUPERSEDED.
absl::string_view StateText(RevisionState state);

struct Questionnaire {
  std::string code;
  int64_t revision = 0;  // 1, 2, ...
  std::string title;
  std::vector<Question> questions;
  RevisionState state = RevisionState::kDraft;
  std::string author;
  std::string publisher;
  absl::Time create_time;
  absl::Time publish_time = absl::InfinitePast();  // InfinitePast = not published

  QuestionnaireName name() const;
  std::string etag() const;
};

// The question with this id; nullptr when there is none.
const Question* FindQuestion(const Questionnaire& questionnaire, absl::string_view id);

// Adds every fault of the content (code, title, questions) to `errors`, under `field`.
void CheckQuestionnaire(const Questionnaire& questionnaire, absl::string_view field,
                        FieldErrors& errors);

// The forms shared by questions, answers and rules.
bool IsQuestionId(absl::string_view text);  // 1-64 of a-z 0-9 _, first a letter
bool IsTag(absl::string_view text);         // 1-64 of a-z 0-9 _
bool IsUpperCode(absl::string_view text);   // 1-32 of A-Z 0-9 _

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_DOMAIN_QUESTIONNAIRE_H_
