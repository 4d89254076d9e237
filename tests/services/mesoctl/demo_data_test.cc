// The demo chain's data without a suite: everything in deploy/demo is well-formed and consistent.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/local_file.h"
#include "meso/screening/v1/rule_set.pb.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/demo_answers.h"
#include "services/mesoctl/demo_plan.h"
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

DemoPlan Plan(const std::string& size) {
  const auto plan = PlanDemo("deploy/demo", {size, 1, kStart});
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.value_or(DemoPlan());
}

// Every step of the plan, in the order of the load.
std::vector<DemoStep> Steps(const DemoPlan& plan) {
  std::vector<DemoStep> steps;
  for (const auto* stage : {&plan.chain, &plan.products, &plan.deliveries, &plan.holds}) {
    steps.insert(steps.end(), stage->begin(), stage->end());
  }
  return steps;
}

TEST(DemoDataTest, EveryStepIsARequestOfAMethodByAPersonOfTheChain) {
  const std::set<std::string> people = People();
  for (const char* size : {"full", "small"}) {
    std::map<std::string, Value> answers;  // with every path a later step may use
    for (const DemoStep& step : Steps(Plan(size))) {
      EXPECT_EQ(people.count(step.as), 1u) << step.as;
      const auto method = FindMethod(step.call);
      ASSERT_TRUE(method.ok()) << method.status();
      const auto request = NewMessage(*(*method)->input_type());
      const auto json = Expand(JsonText(step.request), kStart, answers);
      ASSERT_TRUE(json.ok()) << json.status();
      EXPECT_TRUE(FromJson(*json, request.get()).ok()) << *json << FromJson(*json, request.get());
      answers[step.id] = *ParseJson("{\"name\": \"x\", \"lot\": {\"name\": \"lots/x\"}}");
    }
  }
}

TEST(DemoDataTest, TheChainHasWhatItPromises) {
  const DemoPlan plan = Plan("full");
  std::map<std::string, int> calls;
  for (const DemoStep& step : Steps(plan)) ++calls[step.call];
  EXPECT_EQ(calls["SchedulingAdminService.UpdateSite"], 5);
  EXPECT_EQ(calls["SchedulingAdminService.UpdatePractitioner"], 12);
  EXPECT_EQ(calls["SchedulingAdminService.UpdateTreatmentType"], 7);
  EXPECT_EQ(calls["InventoryService.UpdateProduct"], 21);
  EXPECT_EQ(calls["InventoryService.CreateCocktail"], 10);
  EXPECT_EQ(plan.patients.size(), 300u);
  std::set<std::string> zones;
  for (const auto& [site, zone] : plan.zones) zones.insert(zone.name());
  EXPECT_EQ(zones.size(), 5u);
}

TEST(DemoDataTest, EveryPatientsExceptionsAnswerQuestions) {
  const auto questionnaire = Screening<Questionnaire>("meso-default.questionnaire.textproto");
  for (const DemoPatient& patient : Plan("full").patients) {
    const auto assessment = AnswerAll(questionnaire, patient.name, patient.site, patient.answers);
    EXPECT_TRUE(assessment.ok()) << patient.name << assessment.status();
  }
}

TEST(DemoDataTest, EveryShippedRuleHasPatientsMadeForIt) {
  const auto rules = Screening<RuleSet>("meso-default.ruleset.textproto");
  std::map<std::string, int> patients;
  for (const DemoPatient& patient : Plan("full").patients) ++patients[patient.rule];
  for (const auto& rule : rules.rules()) EXPECT_GE(patients[rule.id()], 2) << rule.id();
}

TEST(DemoDataTest, EveryCodeIsOfGs1sDemonstrationPrefix) {
  for (const DemoStep& step : Steps(Plan("full"))) {
    const std::string& gln = Text(Member(step.request, "site"), "gln");
    const std::string& gtin = Text(Member(step.request, "product"), "gtin");
    EXPECT_TRUE(gln.empty() || absl::StartsWith(gln, "952")) << gln;
    EXPECT_TRUE(gtin.empty() || absl::StartsWith(gtin, "0952")) << gtin;
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
