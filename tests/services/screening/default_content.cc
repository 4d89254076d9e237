#include "tests/services/screening/default_content.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "common/base/check.h"
#include "services/screening/rpc/screening_convert.h"

namespace meso::screening {
namespace {

template <typename Message>
Message ReadTextProto(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  Message message;
  MESO_CHECK(file.good() && google::protobuf::TextFormat::ParseFromString(text.str(), &message),
             path.c_str());
  return message;
}

}  // namespace

const Questionnaire& DefaultQuestionnaire() {
  static const Questionnaire* const kQuestionnaire = [] {
    auto* questionnaire = new Questionnaire(FromProto(ReadTextProto<v1::Questionnaire>(
        "deploy/demo/screening/meso-default.questionnaire.textproto")));
    questionnaire->revision = 1;
    questionnaire->state = RevisionState::kPublished;
    return questionnaire;
  }();
  return *kQuestionnaire;
}

const RuleSet& DefaultRuleSet() {
  static const RuleSet* const kRuleSet = [] {
    auto* rule_set = new RuleSet(FromProto(
        ReadTextProto<v1::RuleSet>("deploy/demo/screening/meso-default.ruleset.textproto")));
    rule_set->revision = 1;
    rule_set->state = RevisionState::kPublished;
    return rule_set;
  }();
  return *kRuleSet;
}

Answer Choice(const std::string& question, const std::string& choice, const std::string& area) {
  Answer answer;
  answer.question = question;
  answer.area = area;
  answer.form = AnswerForm::kChoice;
  answer.choice = choice;
  return answer;
}

Answer OnDay(const std::string& question, absl::CivilDay day, const std::string& area) {
  Answer answer = Choice(question, "", area);
  answer.form = AnswerForm::kDate;
  answer.date = day;
  return answer;
}

Answer Never(const std::string& question, const std::string& area) {
  Answer answer = Choice(question, "", area);
  answer.form = AnswerForm::kNever;
  return answer;
}

Answer Ongoing(const std::string& question, const std::string& area) {
  Answer answer = Choice(question, "", area);
  answer.form = AnswerForm::kOngoing;
  return answer;
}

Answer TagsOf(const std::string& question, const std::vector<std::string>& tags) {
  Answer answer = Choice(question, "");
  answer.form = AnswerForm::kTags;
  answer.tags = tags;
  return answer;
}

std::vector<Answer> HarmlessAnswers(const std::string& area) {
  std::vector<Answer> answers;
  for (const Question& question : DefaultQuestionnaire().questions) {
    const std::string where = question.per_area ? area : "";
    if (question.id == "birth_date") {
      answers.push_back(OnDay(question.id, absl::CivilDay(1990, 6, 15), where));
    } else if (question.kind == QuestionKind::kDate) {
      answers.push_back(Never(question.id, where));
    } else if (question.kind == QuestionKind::kTags) {
      answers.push_back(TagsOf(question.id, {}));
    } else {
      answers.push_back(Choice(question.id, kNo, where));
    }
  }
  return answers;
}

Scenario::Scenario() {
  input.rule_set = &DefaultRuleSet();
  input.questionnaire = &DefaultQuestionnaire();
  input.site = {SiteName("sites/par-1"), "Europe/Paris", "FR", 1};
  input.zone = Zone("Europe/Paris");
  input.treatment.name = TreatmentName("treatmentTypes/T-FACE");
  input.treatment.area = "FACE";
  input.treatment.delivery_method = "INJECTABLE";
  input.treatment.technique = "NAPPAGE";
  input.treatment.revision = 1;
  input.cocktail.name = CocktailRevisionName("cocktails/C-01/revisions/r1");
  input.cocktail.tags = std::set<std::string>{"hyaluronic_acid"};
  input.at = LocalTime("2026-11-24 10:00", input.zone);
  input.now = LocalTime("2026-11-24 09:00", input.zone);
  for (const Answer& answer : HarmlessAnswers("FACE")) {
    Say(answer, LocalTime("2026-11-24 08:00", input.zone), "assessments/a");
  }
}

void Scenario::Say(const Answer& answer) {
  Say(answer, LocalTime("2026-11-24 08:00", Zone("Europe/Paris")));
}

void Scenario::Say(const Answer& answer, absl::Time time, const std::string& assessment) {
  auto same = std::find_if(input.answers.begin(), input.answers.end(), [&](const auto& stored) {
    return stored.answer.question == answer.question && stored.answer.area == answer.area;
  });
  if (same == input.answers.end()) same = input.answers.insert(same, StoredAnswer());
  *same = {answer, time, AssessmentName(assessment)};
}

void Scenario::Forget(const std::string& question) {
  input.answers.erase(
      std::remove_if(input.answers.begin(), input.answers.end(),
                     [&](const auto& stored) { return stored.answer.question == question; }),
      input.answers.end());
}

void Scenario::AnsweredAt(absl::Time time) {
  for (StoredAnswer& stored : input.answers) stored.time = time;
}

void Scenario::Area(const std::string& area) {
  input.treatment.area = area;
  for (StoredAnswer& stored : input.answers) {
    if (!stored.answer.area.empty()) stored.answer.area = area;
  }
}

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  MESO_CHECK(absl::LoadTimeZone(name, &zone), name.c_str());
  return zone;
}

absl::Time LocalTime(const std::string& text, absl::TimeZone zone) {
  absl::Time time;
  std::string error;
  MESO_CHECK(absl::ParseTime("%Y-%m-%d %H:%M", text, zone, &time, &error), text.c_str());
  return time;
}

std::vector<Effect> EffectsOf(const Clearance& clearance, const std::string& rule) {
  std::vector<Effect> effects;
  for (const Finding& finding : clearance.findings) {
    if (finding.rule == rule) effects.push_back(finding.effect);
  }
  return effects;
}

bool IsMissingFor(const Clearance& clearance, const std::string& rule) {
  return std::any_of(clearance.missing.begin(), clearance.missing.end(),
                     [&](const OpenQuestion& open) { return open.rules.count(rule) > 0; });
}

}  // namespace meso::screening
