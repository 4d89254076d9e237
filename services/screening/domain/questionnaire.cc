#include "services/screening/domain/questionnaire.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::screening {
namespace {

constexpr size_t kTextLengthMax = 500;
constexpr size_t kOptionsMax = 50;

bool IsLowerOrDigit(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'; }

void CheckOptions(const Question& question, const std::string& at, FieldErrors& errors) {
  const std::string field = absl::StrCat(at, ".options");
  if (question.kind != QuestionKind::kChoice) {
    if (!question.options.empty()) errors.Invalid(field, "only a choice question has options");
    return;
  }
  if (question.options.size() < 2 || question.options.size() > kOptionsMax) {
    errors.Invalid(field, "a choice question has 2-50 options");
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < question.options.size(); ++i) {
    const std::string option_field = absl::StrCat(field, "[", i, "]");
    if (!IsUpperCode(question.options[i])) {
      errors.Invalid(option_field, "must be 1-32 of A-Z 0-9 _");
    } else if (!seen.insert(question.options[i]).second) {
      errors.Invalid(option_field, "stands here twice");
    }
  }
}

void CheckQuestion(const Question& question, const std::string& at, FieldErrors& errors) {
  if (question.id.empty()) {
    errors.Required(absl::StrCat(at, ".id"));
  } else if (!IsQuestionId(question.id)) {
    errors.Invalid(absl::StrCat(at, ".id"), "must be 1-64 of a-z 0-9 _, first a letter");
  }
  if (question.text.empty()) {
    errors.Required(absl::StrCat(at, ".text"));
  } else if (question.text.size() > kTextLengthMax) {
    errors.Invalid(absl::StrCat(at, ".text"), "must be at most 500 characters");
  }
  if (question.kind == QuestionKind::kUnspecified) errors.Required(absl::StrCat(at, ".kind"));
  if (question.same_day && question.valid_days != 0) {
    errors.Invalid(absl::StrCat(at, ".valid_days"), "must be 0 where same_day is set");
  }
  if (question.valid_days < 0 || question.valid_days > kValidDaysMax) {
    errors.Invalid(absl::StrCat(at, ".valid_days"), "must be 0 to 3650");
  }
  if (question.help.size() > kTextLengthMax) {
    errors.Invalid(absl::StrCat(at, ".help"), "must be at most 500 characters");
  }
  CheckOptions(question, at, errors);
}

}  // namespace

absl::string_view StateText(RevisionState state) {
  switch (state) {
    case RevisionState::kDraft:
      return "DRAFT";
    case RevisionState::kPublished:
      return "PUBLISHED";
    case RevisionState::kSuperseded:
      return "SUPERSEDED";
  }
  return "UNKNOWN";
}

QuestionnaireName Questionnaire::name() const {
  return QuestionnaireName(absl::StrCat("questionnaires/", code, "/revisions/r", revision));
}

std::string Questionnaire::etag() const { return absl::StrCat(static_cast<int>(state)); }

const Question* FindQuestion(const Questionnaire& questionnaire, absl::string_view id) {
  for (const Question& question : questionnaire.questions) {
    if (question.id == id) return &question;
  }
  return nullptr;
}

void CheckQuestionnaire(const Questionnaire& questionnaire, absl::string_view field,
                        FieldErrors& errors) {
  const std::string code_field = absl::StrCat(field, ".code");
  if (questionnaire.code.empty()) {
    errors.Required(code_field);
  } else if (!IsCode(questionnaire.code)) {
    errors.Invalid(code_field, "must be 1-64 of A-Z a-z 0-9 - _");
  }
  const std::string title_field = absl::StrCat(field, ".title");
  if (questionnaire.title.empty()) {
    errors.Required(title_field);
  } else if (questionnaire.title.size() > kTitleLengthMax) {
    errors.Invalid(title_field, "must be at most 200 characters");
  }
  const std::string questions_field = absl::StrCat(field, ".questions");
  if (questionnaire.questions.empty()) errors.Required(questions_field);
  if (questionnaire.questions.size() > kQuestionsMax) {
    errors.Invalid(questions_field, "must be at most 500");
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < questionnaire.questions.size(); ++i) {
    const std::string at = absl::StrCat(questions_field, "[", i, "]");
    CheckQuestion(questionnaire.questions[i], at, errors);
    if (!seen.insert(questionnaire.questions[i].id).second) {
      errors.Invalid(absl::StrCat(at, ".id"), "stands here twice");
    }
  }
}

bool IsQuestionId(absl::string_view text) { return IsTag(text) && absl::ascii_islower(text[0]); }

bool IsTag(absl::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (char c : text) {
    if (!IsLowerOrDigit(c)) return false;
  }
  return true;
}

bool IsUpperCode(absl::string_view text) {
  if (text.empty() || text.size() > 32) return false;
  for (char c : text) {
    if (!absl::ascii_isupper(c) && !absl::ascii_isdigit(c) && c != '_') return false;
  }
  return true;
}

}  // namespace meso::screening
