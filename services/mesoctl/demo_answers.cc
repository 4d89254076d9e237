#include "services/mesoctl/demo_answers.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace meso::mesoctl {
namespace {

using meso::screening::v1::Answer;
using meso::screening::v1::Assessment;
using meso::screening::v1::Question;
using meso::screening::v1::Questionnaire;

constexpr char kBirthDateQuestion[] = "birth_date";
constexpr const char* kAreas[] = {"FACE", "UNDER_EYE", "SCALP", "BODY_CELLULITE", "SUBMENTAL"};

// What somebody with nothing to report says.
void AnswerNothing(const Question& question, Answer* answer) {
  switch (question.kind()) {
    case Question::KIND_DATE:
      answer->set_never(true);
      break;
    case Question::KIND_TAGS:
      answer->mutable_tags();
      break;
    case Question::KIND_CHOICE:
      answer->set_choice(question.options(0));
      break;
    default:
      answer->set_choice("NO");
  }
}

void AnswerWith(const Question& question, const Value& value, Answer* answer) {
  if (question.kind() == Question::KIND_TAGS) {
    for (const Value& tag : value.list_value().values()) {
      answer->mutable_tags()->add_tags(tag.string_value());
    }
    answer->mutable_tags();
  } else if (question.kind() == Question::KIND_DATE && value.string_value() == "ongoing") {
    answer->set_ongoing(true);
  } else if (question.kind() == Question::KIND_DATE) {
    answer->set_date(value.string_value());
  } else {
    answer->set_choice(value.string_value());
  }
}

// One answer, or one per area.
void AddAnswers(const Question& question, const Value* exception, Assessment* assessment) {
  const auto add = [&](absl::string_view area) {
    Answer* answer = assessment->add_answers();
    answer->set_question(question.id());
    answer->set_area(std::string(area));
    if (exception != nullptr) {
      AnswerWith(question, *exception, answer);
    } else {
      AnswerNothing(question, answer);
    }
  };
  if (!question.per_area()) return add("");
  for (const char* area : kAreas) add(area);
}

Assessment NewAssessment(const Questionnaire& questionnaire, const std::string& patient,
                         const std::string& site) {
  Assessment assessment;
  assessment.set_patient(patient);
  assessment.set_site(site);
  assessment.set_questionnaire(questionnaire.name());
  return assessment;
}

}  // namespace

absl::StatusOr<Assessment> AnswerAll(const Questionnaire& questionnaire, const std::string& patient,
                                     const std::string& site, const Value& exceptions) {
  Assessment assessment = NewAssessment(questionnaire, patient, site);
  const auto& given = exceptions.struct_value().fields();
  size_t used = 0;
  for (const Question& question : questionnaire.questions()) {
    const auto found = given.find(question.id());
    if (found == given.end() && question.id() == kBirthDateQuestion) {
      return absl::InvalidArgumentError("a patient of the demo has no birth date");
    }
    if (found != given.end()) ++used;
    AddAnswers(question, found == given.end() ? nullptr : &found->second, &assessment);
  }
  if (used != static_cast<size_t>(given.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("an answer of the demo is to no question of ", questionnaire.name()));
  }
  return assessment;
}

Assessment AnswerSameDay(const Questionnaire& questionnaire, const std::string& patient,
                         const std::string& site) {
  Assessment assessment = NewAssessment(questionnaire, patient, site);
  for (const Question& question : questionnaire.questions()) {
    if (question.same_day()) AddAnswers(question, nullptr, &assessment);
  }
  return assessment;
}

}  // namespace meso::mesoctl
