// The demo chain's data without a suite: everything in deploy/demo is well-formed and consistent.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "meso/screening/v1/rule_set.pb.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/demo_answers.h"
#include "services/mesoctl/json_data.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using meso::screening::v1::Questionnaire;
using meso::screening::v1::RuleSet;

const absl::CivilDay kStart(2026, 11, 21);

Value Data(const std::string& file) {
  const auto value = ReadJson(absl::StrCat("deploy/demo/", file));
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or(Value());
}

template <typename Message>
Message Screening(const std::string& file) {
  Message message;
  const auto text = ReadText(absl::StrCat("deploy/demo/screening/", file));
  EXPECT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text.value_or(""), &message));
  return message;
}

std::set<std::string> People() {
  std::set<std::string> keys;
  const Value data = Data("people.json");
  for (const Value& person : Member(data, "people").list_value().values()) {
    keys.insert(Text(person, "key"));
  }
  return keys;
}

// The answers steps refer to, with every path they may use.
std::map<std::string, Value> Answers(const Value& steps) {
  std::map<std::string, Value> answers;
  for (const Value& step : steps.list_value().values()) {
    if (Text(step, "id").empty()) continue;
    answers[Text(step, "id")] = *ParseJson("{\"name\": \"x\", \"lot\": {\"name\": \"lots/x\"}}");
  }
  return answers;
}

TEST(DemoDataTest, EveryStepIsARequestOfAMethodByAPersonWhoMayCallIt) {
  const std::set<std::string> people = People();
  for (const char* file : {"chain.json", "products.json", "deliveries.json"}) {
    const Value steps = Data(file);
    ASSERT_GT(steps.list_value().values_size(), 0) << file;
    for (const Value& step : steps.list_value().values()) {
      EXPECT_EQ(people.count(Text(step, "as")), 1u) << Text(step, "as");
      const auto method = FindMethod(Text(step, "call"));
      ASSERT_TRUE(method.ok()) << method.status();
      const auto request = NewMessage(*(*method)->input_type());
      const auto json = Expand(JsonText(Member(step, "request")), kStart, Answers(steps));
      ASSERT_TRUE(json.ok()) << json.status();
      EXPECT_TRUE(FromJson(*json, request.get()).ok()) << *json << FromJson(*json, request.get());
    }
  }
}

TEST(DemoDataTest, TheChainHasWhatTheStoryPromises) {
  std::map<std::string, int> calls;
  for (const char* file : {"chain.json", "products.json"}) {
    const Value steps = Data(file);
    for (const Value& step : steps.list_value().values()) ++calls[Text(step, "call")];
  }
  EXPECT_EQ(calls["SchedulingAdminService.UpdateSite"], 2);
  EXPECT_EQ(calls["SchedulingAdminService.UpdatePractitioner"], 4);
  EXPECT_EQ(calls["SchedulingAdminService.UpdateTreatmentType"], 3);
  EXPECT_EQ(calls["InventoryService.UpdateProduct"], 8);
  EXPECT_EQ(calls["InventoryService.CreateCocktail"], 3);
  EXPECT_EQ(Member(Data("patients.json"), "patients").list_value().values_size(), 20);
}

TEST(DemoDataTest, EveryPatientsExceptionsAnswerQuestions) {
  const auto questionnaire = Screening<Questionnaire>("meso-default.questionnaire.textproto");
  const Value data = Data("patients.json");
  for (const Value& patient : Member(data, "patients").list_value().values()) {
    const auto answers = Expand(JsonText(Member(patient, "answers")), kStart, {});
    ASSERT_TRUE(answers.ok());
    const auto assessment =
        AnswerAll(questionnaire, absl::StrCat("patients/", Text(patient, "code")),
                  Text(patient, "site"), *ParseJson(*answers));
    EXPECT_TRUE(assessment.ok()) << Text(patient, "code") << assessment.status();
  }
}

TEST(DemoDataTest, AnAnswerToNoQuestionOrAMissingBirthDateIsRefused) {
  const auto questionnaire = Screening<Questionnaire>("meso-default.questionnaire.textproto");
  EXPECT_FALSE(AnswerAll(questionnaire, "patients/x", "sites/par-1",
                         *ParseJson("{\"birth_date\": \"1980-01-01\", \"shoe_size\": \"YES\"}"))
                   .ok());
  EXPECT_FALSE(AnswerAll(questionnaire, "patients/x", "sites/par-1", *ParseJson("{}")).ok());
}

TEST(DemoDataTest, TheStorysRuleIsInTheRuleSetAndCited) {
  const auto rules = Screening<RuleSet>("meso-default.ruleset.textproto");
  const std::string wanted = Text(Member(Data("story.json"), "refusal"), "rule");
  bool found = false;
  for (const auto& rule : rules.rules()) {
    found = found || (rule.id() == wanted && !rule.citation().empty());
  }
  EXPECT_TRUE(found) << wanted;
}

TEST(JsonDataTest, ExpandsDatesRelativeToTheStartAndFieldsOfEarlierAnswers) {
  const std::map<std::string, Value> answers = {
      {"q-par-1", *ParseJson("{\"lot\": {\"name\": \"lots/7\"}}")}};
  const std::pair<const char*, const char*> cases[] = {
      {"nothing", "nothing"},       {"${date+0}", "2026-11-21"},
      {"${date-21}", "2026-10-31"}, {"17${yymmdd+45}10X", "1727010510X"},
      {"${yymm+45}", "2701"},       {"${q-par-1.lot.name}!", "lots/7!"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(*Expand(text, kStart, answers), expected);
  }
}

TEST(JsonDataTest, RefusesWhatItCannotExpand) {
  for (const char* text : {"${", "${date}", "${date+x}", "${nobody.name}", "${q.lot.nmae}"}) {
    const auto expanded = Expand(text, kStart, {{"q", *ParseJson("{\"lot\": {}}")}});
    EXPECT_EQ(expanded.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace meso::mesoctl
