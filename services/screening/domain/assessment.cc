#include "services/screening/domain/assessment.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace meso::screening {
namespace {

// What a person at the desk needs to know to correct the answer.
absl::string_view WantedForm(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::kYesNo:
      return "this question wants a choice: YES, NO or UNSURE";
    case QuestionKind::kChoice:
      return "this question wants one of its options as a choice";
    case QuestionKind::kDate:
      return "this question wants a date (YYYY-MM-DD, 1850 to 2200), never or ongoing";
    case QuestionKind::kTags:
      return "this question wants tags: 0-100 different ones, each 1-64 of a-z 0-9 _";
    case QuestionKind::kUnspecified:
      break;
  }
  return "this question cannot be answered";
}

bool AreTags(const std::vector<std::string>& tags) {
  if (tags.size() > kTagsMax) return false;
  std::set<std::string> seen;
  return std::all_of(tags.begin(), tags.end(), [&seen](const std::string& tag) {
    return IsTag(tag) && seen.insert(tag).second;
  });
}

void CheckArea(const Answer& answer, const Question& question, const std::string& at,
               FieldErrors& errors) {
  const std::string field = absl::StrCat(at, ".area");
  if (!question.per_area) {
    if (!answer.area.empty()) errors.Invalid(field, "this question is not asked per area");
  } else if (answer.area.empty()) {
    errors.Required(field);
  } else if (!IsUpperCode(answer.area)) {
    errors.Invalid(field, "must be 1-32 of A-Z 0-9 _");
  }
}

}  // namespace

absl::string_view StateText(AssessmentState state) {
  return state == AssessmentState::kValid ? "VALID" : "INVALIDATED";
}

std::string Assessment::etag() const { return absl::StrCat(static_cast<int>(state)); }

std::optional<absl::CivilDay> ParseDay(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i != 4 && i != 7 && !absl::ascii_isdigit(text[i])) return std::nullopt;
  }
  int year = 0;
  int month = 0;
  int day = 0;
  if (!absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &day)) {
    return std::nullopt;
  }
  const absl::CivilDay parsed(year, month, day);
  // CivilDay normalises 30 February to 1 or 2 March: such a day was never meant.
  if (parsed.year() != year || parsed.month() != month || parsed.day() != day) return std::nullopt;
  if (year < 1850 || year > 2200) return std::nullopt;
  return parsed;
}

std::string DayText(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

bool FitsQuestion(const Answer& answer, const Question& question) {
  switch (question.kind) {
    case QuestionKind::kYesNo:
      return answer.form == AnswerForm::kChoice &&
             (answer.choice == kYes || answer.choice == kNo || answer.choice == kUnsure);
    case QuestionKind::kChoice:
      return answer.form == AnswerForm::kChoice &&
             std::find(question.options.begin(), question.options.end(), answer.choice) !=
                 question.options.end();
    case QuestionKind::kDate:
      return answer.form == AnswerForm::kDate || answer.form == AnswerForm::kNever ||
             answer.form == AnswerForm::kOngoing;
    case QuestionKind::kTags:
      return answer.form == AnswerForm::kTags && AreTags(answer.tags);
    case QuestionKind::kUnspecified:
      return false;
  }
  return false;
}

void CheckAnswers(const std::vector<Answer>& answers, const Questionnaire& questionnaire,
                  absl::string_view field, FieldErrors& errors) {
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; i < answers.size(); ++i) {
    const Answer& answer = answers[i];
    const std::string at = absl::StrCat(field, "[", i, "]");
    const Question* question = FindQuestion(questionnaire, answer.question);
    if (question == nullptr) {
      errors.Invalid(absl::StrCat(at, ".question"),
                     absl::StrCat("is no question of ", questionnaire.name().value()));
      continue;
    }
    CheckArea(answer, *question, at, errors);
    if (answer.form == AnswerForm::kUnspecified) {
      errors.Required(absl::StrCat(at, ".value"));
    } else if (!FitsQuestion(answer, *question)) {
      errors.Invalid(absl::StrCat(at, ".value"), WantedForm(question->kind));
    }
    if (!seen.emplace(answer.question, answer.area).second) {
      errors.Invalid(absl::StrCat(at, ".question"), "is answered twice for the same area");
    }
  }
}

}  // namespace meso::screening
