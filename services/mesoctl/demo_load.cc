#include "services/mesoctl/demo_load.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "meso/inventory/v1/lot.pb.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/demo_answers.h"
#include "services/mesoctl/demo_sessions.h"
#include "services/mesoctl/demo_steps.h"
#include "services/mesoctl/in_flight.h"
#include "services/mesoctl/json_data.h"
#include "services/mesoctl/narrative.h"
#include "services/mesoctl/progress_bar.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace scr = meso::screening::v1;

// Every site gets it on the first day; its lot numbers tell which day that was.
constexpr char kFirstDayProduct[] = "products/EMR-ADR";
constexpr char kFirstDayLot[] = "ADR-";
// A load as young as this is gone on with: services remember request ids for 7 days.
constexpr int kResumeDaysMax = 6;

class Loader {
 public:
  Loader(const DemoOptions& options, const DemoPeople& people, const Clock& clock,
         const DemoChoice& choice, const DemoPlan& plan, ProgressBar& progress)
      : options_(options),
        people_(people),
        clock_(clock),
        choice_(choice),
        plan_(plan),
        progress_(progress),
        runner_(people, choice, progress) {}

  absl::Status Load() {
    MESO_RETURN_IF_ERROR(runner_.Run("sites, staff, treatments", plan_.chain));
    MESO_RETURN_IF_ERROR(runner_.Run("products and cocktails", plan_.products));
    MESO_ASSIGN_OR_RETURN(const scr::Questionnaire questionnaire, EnsureQuestionnaire());
    MESO_RETURN_IF_ERROR(EnsureRuleSet(questionnaire.name()));
    MESO_RETURN_IF_ERROR(runner_.Run("deliveries", plan_.deliveries));
    // One by one: two holds on one lot are listed in the order they were placed.
    MESO_RETURN_IF_ERROR(runner_.Run("quarantines and recalls", plan_.holds, 1));
    MESO_RETURN_IF_ERROR(RecordAssessments(questionnaire));
    MESO_ASSIGN_OR_RETURN(sessions_, BookSessions(plan_, clock_, runner_, progress_));
    return absl::OkStatus();
  }

  const StepRunner& runner() const { return runner_; }
  const BookedSessions& sessions() const { return sessions_; }
  int rules() const { return rules_; }

 private:
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

  absl::StatusOr<scr::Questionnaire> EnsureQuestionnaire() {
    absl::StatusOr<scr::Questionnaire> published = FindQuestionnaire(people_);
    if (published.ok() || !absl::IsNotFound(published.status())) return published;
    scr::CreateQuestionnaireRequest create;
    MESO_ASSIGN_OR_RETURN(
        *create.mutable_questionnaire(),
        ReadTextProto<scr::Questionnaire>("meso-default.questionnaire.textproto"));
    MESO_ASSIGN_OR_RETURN(const auto draft,
                          runner_.Send<scr::Questionnaire>(
                              "admin", "ScreeningService.CreateQuestionnaire", "", create));
    scr::PublishQuestionnaireRequest publish;
    publish.set_name(draft.name());
    return runner_.Send<scr::Questionnaire>("director", "ScreeningService.PublishQuestionnaire", "",
                                            publish);
  }

  absl::Status EnsureRuleSet(const std::string& questionnaire) {
    MESO_ASSIGN_OR_RETURN(scr::RuleSet rule_set,
                          ReadTextProto<scr::RuleSet>("meso-default.ruleset.textproto"));
    rules_ = rule_set.rules_size();
    scr::ListRuleSetsRequest list;
    list.set_filter(absl::StrCat("code = \"", rule_set.code(), "\" AND state = PUBLISHED"));
    MESO_ASSIGN_OR_RETURN(const auto published,
                          runner_.Send<scr::ListRuleSetsResponse>(
                              "director", "ScreeningService.ListRuleSets", "", list));
    if (published.rule_sets_size() > 0) return absl::OkStatus();
    rule_set.set_questionnaire(questionnaire);
    scr::CreateRuleSetRequest create;
    *create.mutable_rule_set() = std::move(rule_set);
    // The author is not the publisher: nobody puts rules of their own in force.
    MESO_ASSIGN_OR_RETURN(
        const auto draft,
        runner_.Send<scr::RuleSet>("admin", "ScreeningService.CreateRuleSet", "", create));
    scr::PublishRuleSetRequest publish;
    publish.set_name(draft.name());
    return runner_.Send<scr::RuleSet>("director", "ScreeningService.PublishRuleSet", "", publish)
        .status();
  }

  absl::Status RecordAssessments(const scr::Questionnaire& questionnaire) {
    progress_.Begin("patients' answers", plan_.patients.size());
    MESO_RETURN_IF_ERROR(
        ForEachInFlight(plan_.patients.size(), kDemoStreams, [&](size_t i) -> absl::Status {
          const DemoPatient& patient = plan_.patients[i];
          scr::CreateAssessmentRequest request;
          MESO_ASSIGN_OR_RETURN(
              *request.mutable_assessment(),
              AnswerAll(questionnaire, patient.name, patient.site, patient.answers));
          const std::string desk =
              absl::StrCat("desk-", patient.site.substr(patient.site.find('/') + 1));
          // Answers hold for the day they were given: another start date is another request.
          MESO_RETURN_IF_ERROR(runner_
                                   .Send<scr::Assessment>(desk, "ScreeningService.CreateAssessment",
                                                          GsDate(choice_.start), request)
                                   .status());
          progress_.Step();
          return absl::OkStatus();
        }));
    progress_.End();
    return absl::OkStatus();
  }

  const DemoOptions& options_;
  const DemoPeople& people_;
  const Clock& clock_;
  const DemoChoice& choice_;
  const DemoPlan& plan_;
  ProgressBar& progress_;
  StepRunner runner_;
  BookedSessions sessions_;
  int rules_ = 0;
};

int CountCalls(const std::vector<DemoStep>& steps, absl::string_view call) {
  return static_cast<int>(std::count_if(steps.begin(), steps.end(),
                                        [&](const DemoStep& step) { return step.call == call; }));
}

// The day the chain in the suite began, if that is recent; nullopt when there is none.
absl::StatusOr<std::optional<absl::CivilDay>> FindRecentStart(const DemoPeople& people,
                                                              absl::CivilDay today) {
  std::optional<absl::CivilDay> start;
  inv::ListLotsRequest list;
  list.set_page_size(500);
  list.set_filter(absl::StrCat("product = \"", kFirstDayProduct, "\""));
  do {
    MESO_ASSIGN_OR_RETURN(const auto page, people.As("stock").Call<inv::ListLotsResponse>(
                                               "InventoryService.ListLots", list));
    for (const inv::Lot& lot : page.lots()) {
      for (int age = 0; age <= kResumeDaysMax; ++age) {
        const absl::CivilDay day = today - age;
        const std::string number = absl::StrCat(kFirstDayLot, GsDate(day));
        if (lot.lot_number().compare(0, number.size(), number) != 0) continue;
        if (!start || *start < day) start = day;
      }
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  return start;
}

absl::StatusOr<DemoChoice> Choose(const DemoOptions& options, const DemoPeople& people,
                                  const Clock& clock) {
  DemoChoice choice;
  choice.size = options.chain;
  choice.seed = options.seed;
  choice.start = absl::ToCivilDay(clock.Now(), absl::UTCTimeZone());
  if (!options.start_date.empty()) {
    if (!absl::ParseCivilTime(options.start_date, &choice.start)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--start_date=", options.start_date, " is no date; write it as 2026-11-24"));
    }
    return choice;
  }
  MESO_ASSIGN_OR_RETURN(const auto recent, FindRecentStart(people, choice.start));
  if (recent) choice.start = *recent;
  return choice;
}

void PrintCounts(const Loader& loader, const DemoChoice& choice, const DemoPlan& plan, int people,
                 absl::Duration took, Narrative& story) {
  const std::string admin = "SchedulingAdminService.Update";
  std::vector<std::string> parts;
  for (const auto& [kind, noun] :
       {std::make_pair("Site", "sites"), std::make_pair("Practitioner", "practitioners"),
        std::make_pair("Room", "rooms"), std::make_pair("Device", "devices"),
        std::make_pair("TreatmentType", "treatments")}) {
    parts.push_back(absl::StrCat(CountCalls(plan.chain, admin + kind), " ", noun));
  }
  parts.push_back(
      absl::StrCat(CountCalls(plan.products, "InventoryService.UpdateProduct"), " products"));
  parts.push_back(
      absl::StrCat(CountCalls(plan.products, "InventoryService.CreateCocktail"), " cocktails"));
  parts.push_back(absl::StrCat(plan.deliveries.size(), " deliveries"));
  parts.push_back(absl::StrCat(plan.patients.size(), " patients"));
  parts.push_back(absl::StrCat(loader.rules(), " cited screening rules"));
  story.Good(absl::StrJoin(parts, ", "));
  const BookedSessions& sessions = loader.sessions();
  story.Good(absl::StrCat(
      sessions.booked + sessions.found, " booked sessions in the 30 days after ",
      absl::FormatCivilTime(choice.start), ", each with its clearance and its ampoules",
      sessions.found == 0 ? "" : absl::StrCat(" (", sessions.found, " were there already)")));
  for (const auto& [reason, count] : sessions.left_out) {
    story.Refused(absl::StrCat(count, " sessions are left out: ", reason));
  }
  story.Good(absl::StrFormat("%d calls of the public API by %d people with their own roles, %.1f s",
                             loader.runner().calls(), people, absl::ToDoubleSeconds(took)));
}

}  // namespace

absl::StatusOr<scr::Questionnaire> FindQuestionnaire(const DemoPeople& people) {
  scr::ListQuestionnairesRequest request;
  request.set_filter("code = \"meso-default\" AND state = PUBLISHED");
  MESO_ASSIGN_OR_RETURN(const auto page, people.As("director")
                                             .Call<scr::ListQuestionnairesResponse>(
                                                 "ScreeningService.ListQuestionnaires", request));
  if (page.questionnaires_size() == 0) {
    return absl::NotFoundError("the chain has no questionnaire; run: mesoctl demo load");
  }
  return page.questionnaires(page.questionnaires_size() - 1);
}

ExitCode LoadDemo(const SuiteClient& client, const Clock& clock, const DemoOptions& options,
                  const Terminal& terminal, std::ostream& out, std::ostream& err) {
  const SystemClock stopwatch;
  const absl::Time begin = stopwatch.Now();
  const absl::StatusOr<std::unique_ptr<DemoPeople>> people =
      DemoPeople::Create(client, options, clock);
  if (!people.ok()) {
    err << RenderError("demo load", people.status()) << "\n";
    return ExitCode::kUsage;
  }
  const absl::StatusOr<DemoChoice> choice = Choose(options, **people, clock);
  const absl::StatusOr<DemoPlan> plan =
      choice.ok() ? PlanDemo(options.data_dir, *choice) : choice.status();
  if (!plan.ok()) {
    err << RenderError("demo load", plan.status()) << "\n";
    return ExitCodeOf(plan.status());
  }
  Narrative story(out, terminal.out_color);
  story.Chapter(1, "A clinic chain is loaded");
  ProgressBar progress(err, terminal.err_animated, stopwatch);
  Loader loader(options, **people, clock, *choice, *plan, progress);
  const absl::Status status = loader.Load();
  if (!status.ok()) {
    err << "\n"
        << RenderError(absl::StrCat("demo load: ", loader.runner().failed_call()), status) << "\n";
    return ExitCodeOf(status);
  }
  PrintCounts(loader, *choice, *plan, static_cast<int>((*people)->people().size()),
              stopwatch.Now() - begin, story);
  return ExitCode::kOk;
}

}  // namespace meso::mesoctl
