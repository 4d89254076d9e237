#include "services/mesoctl/demo_load.h"

#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/id_source.h"
#include "common/base/status_macros.h"
#include "meso/inventory/v1/product.pb.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/demo_answers.h"
#include "services/mesoctl/json_data.h"
#include "services/mesoctl/method_catalog.h"
#include "services/mesoctl/narrative.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using meso::screening::v1::Questionnaire;
using meso::screening::v1::RuleSet;

constexpr char kScreening[] = "ScreeningService.";
// The space of the demo's request ids.
constexpr char kRequestSpace[] = "5f0c1b0e-7d0a-5c3e-9a51-6d65736f0001";
constexpr const char* kStepFiles[] = {"chain.json", "products.json", "deliveries.json"};

class Loader {
 public:
  Loader(const DemoOptions& options, const DemoPeople& people, absl::CivilDay start)
      : options_(options), people_(people), start_(start) {}

  absl::Status Load() {
    MESO_RETURN_IF_ERROR(RunSteps(kStepFiles[0]));
    MESO_RETURN_IF_ERROR(RunSteps(kStepFiles[1]));
    MESO_ASSIGN_OR_RETURN(const Questionnaire questionnaire, EnsureQuestionnaire());
    MESO_RETURN_IF_ERROR(EnsureRuleSet(questionnaire.name()));
    MESO_RETURN_IF_ERROR(RunSteps(kStepFiles[2]));
    return RecordAssessments(questionnaire);
  }

  int calls() const { return calls_; }
  // How many objects of each kind the data names, by method.
  const std::map<std::string, int>& counts() const { return counts_; }
  int rules() const { return rules_; }
  const std::string& last_call() const { return last_call_; }

 private:
  template <typename Response>
  absl::StatusOr<Response> Call(absl::string_view person, absl::string_view method,
                                Message& request) {
    Response response;
    MESO_RETURN_IF_ERROR(Send(person, method, &request, &response));
    return response;
  }

  // Adds the request_id, calls, counts, and names the call in an error.
  absl::Status Send(absl::string_view person, absl::string_view method, Message* request,
                    Message* response) {
    if (!people_.Has(person)) {
      return absl::InvalidArgumentError(absl::StrCat("people.json knows no ", person));
    }
    FillRequestId(request,
                  Uuid5(kRequestSpace, absl::StrCat(method, "\n", ToJson(*request, false))));
    ++calls_;
    ++counts_[std::string(method)];
    last_call_ = absl::StrCat(method, " as ", person);
    return people_.As(person).Call(method, *request, response);
  }

  absl::Status RunSteps(absl::string_view file) {
    const std::string path = absl::StrCat(options_.data_dir, "/", file);
    MESO_ASSIGN_OR_RETURN(const Value steps, ReadJson(path));
    for (const Value& step : steps.list_value().values()) {
      MESO_ASSIGN_OR_RETURN(const bool done, IsDone(step));
      if (!done) MESO_RETURN_IF_ERROR(RunStep(step));
    }
    return absl::OkStatus();
  }

  // Whether the step's `unless` call succeeds: what the step would make is there.
  absl::StatusOr<bool> IsDone(const Value& step) {
    const Value& unless = Member(step, "unless");
    if (unless.kind_case() == Value::KIND_NOT_SET) return false;
    const std::string key = absl::StrCat(JsonText(unless));
    const auto known = done_.find(key);
    if (known != done_.end()) return known->second;
    MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(Text(unless, "call")));
    const std::unique_ptr<Message> request = NewMessage(*method->input_type());
    const std::unique_ptr<Message> response = NewMessage(*method->output_type());
    MESO_RETURN_IF_ERROR(FromJson(JsonText(Member(unless, "request")), request.get()));
    const absl::Status status =
        people_.As(Text(step, "as")).Call(method->full_name(), *request, response.get());
    if (!status.ok() && status.code() != absl::StatusCode::kNotFound) return status;
    if (status.ok()) ++counts_[Text(step, "call")];
    // Asked once: the steps that follow would find what the first of them made.
    return done_[key] = status.ok();
  }

  absl::Status RunStep(const Value& step) {
    const std::string& name = Text(step, "call");
    MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(name));
    MESO_ASSIGN_OR_RETURN(const std::string json,
                          Expand(JsonText(Member(step, "request")), start_, answers_));
    const std::unique_ptr<Message> request = NewMessage(*method->input_type());
    const std::unique_ptr<Message> response = NewMessage(*method->output_type());
    MESO_RETURN_IF_ERROR(FromJson(json, request.get()));
    MESO_RETURN_IF_ERROR(Send(Text(step, "as"), name, request.get(), response.get()));
    const std::string& id = Text(step, "id");
    if (id.empty()) return absl::OkStatus();
    MESO_ASSIGN_OR_RETURN(answers_[id], ParseJson(ToJson(*response, false)));
    return absl::OkStatus();
  }

  template <typename Proto>
  absl::StatusOr<Proto> ReadTextProto(absl::string_view file) const {
    const std::string path = absl::StrCat(options_.data_dir, "/screening/", file);
    MESO_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    Proto message;
    if (!google::protobuf::TextFormat::ParseFromString(text, &message)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " is no ", message.GetTypeName(), " in text form"));
    }
    return message;
  }

  absl::StatusOr<Questionnaire> EnsureQuestionnaire() {
    absl::StatusOr<Questionnaire> published = FindQuestionnaire(people_);
    if (published.ok() || published.status().code() != absl::StatusCode::kNotFound) {
      return published;
    }
    meso::screening::v1::CreateQuestionnaireRequest create;
    MESO_ASSIGN_OR_RETURN(*create.mutable_questionnaire(),
                          ReadTextProto<Questionnaire>("meso-default.questionnaire.textproto"));
    MESO_ASSIGN_OR_RETURN(
        const Questionnaire draft,
        Call<Questionnaire>("admin", "ScreeningService.CreateQuestionnaire", create));
    meso::screening::v1::PublishQuestionnaireRequest publish;
    publish.set_name(draft.name());
    return Call<Questionnaire>("director", "ScreeningService.PublishQuestionnaire", publish);
  }

  absl::Status EnsureRuleSet(const std::string& questionnaire) {
    MESO_ASSIGN_OR_RETURN(RuleSet rule_set,
                          ReadTextProto<RuleSet>("meso-default.ruleset.textproto"));
    rules_ = rule_set.rules_size();
    meso::screening::v1::ListRuleSetsRequest list;
    list.set_filter(absl::StrCat("code = \"", rule_set.code(), "\" AND state = PUBLISHED"));
    MESO_ASSIGN_OR_RETURN(const auto published,
                          Call<meso::screening::v1::ListRuleSetsResponse>(
                              "director", "ScreeningService.ListRuleSets", list));
    if (published.rule_sets_size() > 0) return absl::OkStatus();
    rule_set.set_questionnaire(questionnaire);
    meso::screening::v1::CreateRuleSetRequest create;
    *create.mutable_rule_set() = std::move(rule_set);
    // The author is not the publisher: nobody puts rules of their own in force.
    MESO_ASSIGN_OR_RETURN(const RuleSet draft,
                          Call<RuleSet>("admin", "ScreeningService.CreateRuleSet", create));
    meso::screening::v1::PublishRuleSetRequest publish;
    publish.set_name(draft.name());
    return Call<RuleSet>("director", "ScreeningService.PublishRuleSet", publish).status();
  }

  absl::Status RecordAssessments(const Questionnaire& questionnaire) {
    MESO_ASSIGN_OR_RETURN(const Value data,
                          ReadJson(absl::StrCat(options_.data_dir, "/patients.json")));
    for (const Value& patient : Member(data, "patients").list_value().values()) {
      MESO_ASSIGN_OR_RETURN(const std::string answers,
                            Expand(JsonText(Member(patient, "answers")), start_, {}));
      MESO_ASSIGN_OR_RETURN(const Value exceptions, ParseJson(answers));
      const std::string& site = Text(patient, "site");
      meso::screening::v1::CreateAssessmentRequest request;
      MESO_ASSIGN_OR_RETURN(
          *request.mutable_assessment(),
          AnswerAll(questionnaire, absl::StrCat("patients/", Text(patient, "code")), site,
                    exceptions));
      // Answers hold for the day they were given: another day is another request.
      FillRequestId(&request, Uuid5(kRequestSpace,
                                    absl::StrCat(GsDate(start_), "\n", ToJson(request, false))));
      const std::string desk = absl::StrCat("desk-", site.substr(site.find('/') + 1));
      MESO_RETURN_IF_ERROR(
          Call<meso::screening::v1::Assessment>(desk, "ScreeningService.CreateAssessment", request)
              .status());
    }
    return absl::OkStatus();
  }

  const DemoOptions& options_;
  const DemoPeople& people_;
  const absl::CivilDay start_;
  std::map<std::string, Value> answers_;  // by step id
  std::map<std::string, bool> done_;      // by `unless`
  std::map<std::string, int> counts_;
  std::string last_call_;
  int calls_ = 0;
  int rules_ = 0;
};

void PrintCounts(const Loader& loader, absl::Duration took, Narrative& story) {
  const std::pair<const char*, const char*> kinds[] = {
      {"SchedulingAdminService.UpdateSite", "sites"},
      {"SchedulingAdminService.UpdatePractitioner", "practitioners"},
      {"SchedulingAdminService.UpdateRoom", "rooms"},
      {"SchedulingAdminService.UpdateDevice", "devices"},
      {"SchedulingAdminService.UpdateTreatmentType", "treatments"},
      {"InventoryService.UpdateProduct", "products"},
      {"InventoryService.CreateCocktail", "cocktails"},
      {"InventoryService.ReceiveStock", "deliveries"},
      {"ScreeningService.CreateAssessment", "patients"},
  };
  std::vector<std::string> parts;
  for (const auto& [method, noun] : kinds) {
    const auto found = loader.counts().find(method);
    parts.push_back(absl::StrCat(found == loader.counts().end() ? 0 : found->second, " ", noun));
  }
  parts.push_back(absl::StrCat(loader.rules(), " cited screening rules"));
  story.Good(absl::StrJoin(parts, ", "));
  story.Good(absl::StrFormat("%d calls of the public API by 8 people with their own roles, %.1f s",
                             loader.calls(), absl::ToDoubleSeconds(took)));
}

}  // namespace

absl::StatusOr<Questionnaire> FindQuestionnaire(const DemoPeople& people) {
  meso::screening::v1::ListQuestionnairesRequest request;
  request.set_filter("code = \"meso-default\" AND state = PUBLISHED");
  MESO_ASSIGN_OR_RETURN(const auto page,
                        people.As("director")
                            .Call<meso::screening::v1::ListQuestionnairesResponse>(
                                absl::StrCat(kScreening, "ListQuestionnaires"), request));
  if (page.questionnaires_size() == 0) {
    return absl::NotFoundError("the chain has no questionnaire; run: mesoctl demo load");
  }
  return page.questionnaires(page.questionnaires_size() - 1);
}

ExitCode LoadDemo(const SuiteClient& client, const Clock& clock, const DemoOptions& options,
                  std::ostream& out, std::ostream& err) {
  const SystemClock stopwatch;
  const absl::Time begin = stopwatch.Now();
  const absl::StatusOr<std::unique_ptr<DemoPeople>> people =
      DemoPeople::Create(client, options, clock);
  if (!people.ok()) {
    err << RenderError("demo load", people.status()) << "\n";
    return ExitCode::kUsage;
  }
  Narrative story(out, isatty(STDOUT_FILENO) == 1);
  story.Chapter(1, "A clinic chain is loaded");
  Loader loader(options, **people, absl::ToCivilDay(clock.Now(), absl::UTCTimeZone()));
  const absl::Status status = loader.Load();
  if (!status.ok()) {
    err << RenderError(absl::StrCat("demo load: ", loader.last_call()), status) << "\n";
    return ExitCodeOf(status);
  }
  PrintCounts(loader, stopwatch.Now() - begin, story);
  return ExitCode::kOk;
}

}  // namespace meso::mesoctl
